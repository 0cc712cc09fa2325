"""Subjects of one file: keys that cannot both be right set their rows aside; pseudonyms take the place of keys."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.coding import Coded, Flags, narrow, pairs
from pipelines.land.contract import ColumnRule, Contract
from pipelines.land.pseudonyms import subject_pseudonyms, value_pseudonyms
from pipelines.land.quarantine import Quarantine
from pipelines.land.rows import Rows

_SUBJECT = {(None, "subject"), (None, "usubjid"), ("dm", "subjid")}


def set_subjects_aside(contract: Contract, rows: Rows, quarantine: Quarantine) -> None:
    """Sets aside every row of a key written in two ways (Q_ID_CASE), and of one under two sites (Q_SUBJECT_SITE).

    Nobody can tell which of the two is meant. Two files that differ are found by the gate (LAN-DM-003).
    """
    keys = [one.rule for one in rows.checked if _role(one.rule) in {(None, "subject"), (None, "usubjid")}]
    if not keys:
        return
    key = keys[0]
    subjects = rows.keys["usubjid"].distinct()
    folded = subjects.holding(pc.utf8_lower(subjects.values))
    _set_contradictions_aside(folded.distinct(), subjects, quarantine, key.name, "Q_ID_CASE")
    # Where numbers are given out by each site, the same number at two sites is two people.
    if contract.study.subject_key == "study" or _role(key) == (None, "usubjid"):
        _set_contradictions_aside(subjects, rows.keys["siteid"].distinct(), quarantine, key.name, "Q_SUBJECT_SITE")


def _set_contradictions_aside(keys: Coded, told: Coded, quarantine: Quarantine, column: str, code: str) -> None:
    """Sets aside the rows of each key for which two things are told; what is missing tells nothing."""
    if len(told.values) - told.values.null_count < 2:
        return
    codes, left, right = pairs(
        Coded(codes=keys.codes, values=pa.array(np.arange(len(keys.values)))),
        told.holding(pc.if_else(told.values.is_valid(), pa.array(np.arange(len(told.values))), None)),
    )
    used = Coded(codes=codes, values=right).counts(quarantine.good) > 0
    counted = np.bincount(left.to_numpy()[used & right.is_valid().to_numpy(False)], minlength=len(keys.values))
    wrong = (counted > 1) & keys.values.is_valid().to_numpy(False)
    quarantine.set_flagged_aside(keys.where(wrong) & quarantine.good, column, code)


def pseudonymise(contract: Contract, rows: Rows, columns: dict[str, Coded]) -> dict[str, Coded]:
    """Replaces the clear keys of the rows, where the study asks for it; returns the delivered columns without them."""
    study = contract.study
    if study.pseudonyms == "none":
        return columns
    text = dict(columns)
    codes, sites, subjects = pairs(rows.keys["siteid"], rows.keys["usubjid"])
    shown, digits = subject_pseudonyms(study, sites.to_pylist(), subjects.to_pylist())
    rows.keys["usubjid"] = Coded(codes=codes, values=shown)
    short = Coded(codes=codes, values=digits)
    for number, one in enumerate(rows.checked):
        if _role(one.rule) in _SUBJECT:
            rows.replace(number, short)
            # A row whose values are not as declared may have no key.
            text[one.rule.name] = _only(short, rows.typed)
        elif one.rule.column.column_class == "pseudonym" and _role(one.rule) != (None, "site"):
            rows.replace(number, one.value.holding(value_pseudonyms(study, one.value.values)))
            column = columns[one.rule.name]
            text[one.rule.name] = column.holding(value_pseudonyms(study, column.values))
    return text


def _only(column: Coded, rows: Flags) -> Coded:
    values = pa.concat_arrays([column.values, pa.nulls(1, column.values.type)])
    codes = np.where(rows, column.codes, len(column.values))
    return Coded(codes=narrow(codes, len(values)), values=values)


def _role(rule: ColumnRule) -> tuple[str | None, str] | None:
    return (rule.target.domain, rule.target.variable) if rule.target else None
