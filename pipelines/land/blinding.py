"""Blinding at the door: in a blinded study nothing may come in that tells the arm where nobody declared it.

Rule    such a file is held: its bytes go to the vault, and no cut is made or published until somebody has put it right
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.coding import Coded
from pipelines.land.contract import Contract
from pipelines.land.identifiers import words
from pipelines.land.receipts import HeldError
from pipelines.study import Study

# A header tells the arm where all its words are of the first set or the second, and one is of the first.
_ARM = {
    "arm",
    "armcd",
    "actarm",
    "actarmcd",
    "trt",
    "trtp",
    "trta",
    "trtpn",
    "trtan",
    "trtcd",
    "treatment",
    "treatments",
    "kit",
    "kitno",
    "kitnumber",
    "allocation",
    "allocated",
    "rndarm",
    "trtgrp",
    "trtgroup",
    "trtseq",
    "trtseqp",
    "trtseqa",
    "unblinded",
    "codebreak",
}
_BESIDE = {
    "planned",
    "actual",
    "randomised",
    "randomized",
    "randomisation",
    "randomization",
    "rand",
    "assigned",
    "study",
    "group",
    "grp",
    "code",
    "cd",
    "no",
    "number",
    "nr",
    "num",
    "id",
    "label",
    "name",
    "sequence",
    "seq",
    "given",
    "received",
    "blinded",
    "drug",
    "medication",
    "period",
    "p",
    "a",
    "n",
    "1",
    "2",
    "3",
    "01",
    "02",
    "03",
}
# A code this short may be a code of something else; then only all of them together tell the arm.
TELLING_LENGTH = 3
_FIRST_VALUES = 200


def tells_arm(header: str) -> bool:
    """Whether a column is named like the arm, the kit or the treatment (`trt01p`, `kit_no`, `randomised_arm`)."""
    spellings = (set(words(header)), set(words(header.lower())))
    return any(spelled & _ARM and spelled <= _ARM | _BESIDE for spelled in spellings)


def check_blinding(columns: dict[str, Coded], contract: Contract) -> None:
    """Looks for the arm in every column that is not declared to hold it.

    Raises:
        HeldError: H_UNBLIND, with the columns and never a value.
    """
    study = contract.study
    if study.blinding != "blinded" or contract.in_vault or _is_design(columns, contract):
        return
    rules = {rule.name: rule for rule in contract.rules(list(columns))}
    found = []
    for name, values, rows in _named_values(columns):
        if name in rules and rules[name].column.column_class in {"treatment", "drop"}:
            continue
        # What somebody guesses is no arm; it is told apart by being declared as an answer.
        is_guess = bool(study.blinding_assessments) and name in rules and rules[name].column.to == "qs.qsorres"
        if tells_arm(name):
            found.append(f"Column {name[:40]!a} is named like the arm")
        elif not is_guess and _holds_arms(values, study, missing=contract.export.format.missing):
            found.append(f"Column {name[:40]!a} holds the study's arms in {rows} row(s)")
    if found:
        remedy = "Declare the column `treatment` or `drop`, or have the file taken away and delivered without it."
        raise HeldError("H_UNBLIND", f"{'; '.join(found)}. {remedy}")


def _is_design(columns: dict[str, Coded], contract: Contract) -> bool:
    # The trial's design names the arms and nobody who is in one.
    return contract.domain is not None and not contract.domain.of_subjects and "USUBJID" not in columns


def _named_values(columns: dict[str, Coded]) -> Iterator[tuple[str, pa.Array, int]]:
    """Yields each column's distinct values and rows, and each supplemental qualifier's as of a column of its parent."""
    for name, column in columns.items():
        yield name, column.values, len(column)
    if {"RDOMAIN", "QNAM", "QVAL"} <= columns.keys():
        names, held = columns["QNAM"].distinct(), columns["QVAL"]
        for code, name in enumerate(names.values.to_pylist()):
            rows = names.codes == code
            yield name or "", held.values.take(pa.array(np.unique(held.codes[rows]))), int(np.count_nonzero(rows))


def _holds_arms(values: pa.Array, study: Study, *, missing: tuple[str, ...]) -> bool:
    names = [{code.casefold() for code in study.arms}, {arm.label.casefold() for arm in study.arms.values()}]
    longest = max(len(name.encode()) for group in names for name in group)
    if not 0 < (pc.max(pc.binary_length(values)).as_py() or 0) <= 2 * max(longest, *map(len, ("", *missing))):
        return False
    known = {"", *(code.casefold() for code in missing), *names[0], *names[1]}
    # Most columns show in their first values that they hold something else.
    if not _folded(values.slice(0, _FIRST_VALUES)) <= known:
        return False
    held = _folded(values)
    arms = held & (names[0] | names[1])
    return held <= known and (len(arms) > 1 or any(len(arm) >= TELLING_LENGTH for arm in arms))


def _folded(values: pa.Array) -> set[str]:
    return {str(value).strip().casefold() for value in values.to_pylist()}
