"""Drift: how a delivery differs from its contract, column by column, as a diff for a person to read.

Rule    names of columns, types and counts only; never a value

A code that the contract does not know is told by how many rows hold one and how many there are, not by itself: whoever
typed a name or a date into a field of codes made it a code that is unknown. The site finds it by row in quarantine.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal

import numpy as np

from pipelines.land.checked import Checked
from pipelines.land.contract import ColumnRule, Contract
from pipelines.land.identifiers import identifier_as_header
from pipelines.land.quarantine import Quarantine
from pipelines.land.receipts import Change

# From this share of its values on, a column that fails its type or range has changed; below it, rows are wrong.
CHANGED_SHARE = 0.2
# How alike two names must be, of 1, for one to be the other renamed.
_ALIKE = 0.6
# A header may have any number of columns; a receipt need not.
_MOST_NAMES = 50
# Who writes a blinded study's arms as columns mostly says in each who is in it.
_ARM = "(an arm in place of a name)"
_OF_TYPE = ("Q_NUMBER", "Q_TYPE", "Q_DATE", "Q_DATE_AMBIGUOUS")
_OF_CODES = ("Q_CODE", "Q_FK")
# What the values that fail a type look like; the first that fits says it.
_FORMS = (
    ("integer", "[+-]?[0-9]+"),
    ("number", "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"),
    ("number with a decimal comma", "[+-]?[0-9]*,[0-9]+"),
    ("date in ISO 8601", "[0-9]{4}-[0-9]{2}(-[0-9]{2}.*)?"),
    ("date with the year last", "[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}"),
)


def header_drift(header: list[str], contract: Contract) -> tuple[Change, ...]:
    """Returns the columns that were renamed, removed and added, in the contract's order, then the file's."""
    header = without_arms(header, contract)
    added, removed = contract.undeclared(header), contract.missing(header)
    if len(added) == len(header) and header:
        # Not one name is known: this may be a file without a header, whose first row holds values.
        found = f"{len(header)} columns, none of them declared"
        return (*_changes("removed", removed), Change(change="added", column="", expected="", found=found))
    renamed = _renamed(removed, added, header)
    pairs = [
        Change(change="renamed", column=shown(old), expected=shown(old), found=shown(new))
        for old, new in renamed.items()
    ]
    gone = [name for name in removed if name not in renamed]
    new = [name for name in added if name not in renamed.values()]
    return (*pairs[:_MOST_NAMES], *_changes("removed", gone), *_changes("added", new))


def without_arms(names: list[str], contract: Contract) -> list[str]:
    """Returns names of columns as they may be told: in a blinded study none that is an arm."""
    if contract.study.blinding != "blinded":
        return names
    arms = {word.casefold() for code, arm in contract.study.arms.items() for word in (code, arm.label)}
    return [_ARM if name.strip().casefold() in arms else name for name in names]


def rows_drift(checked: list[Checked], quarantine: Quarantine) -> tuple[Change, ...]:
    """Returns the columns whose values are of another type, out of range, or of unknown codes, in the file's order."""
    rows = quarantine.counts()
    changes: list[Change] = []
    for one in checked:
        rule = one.rule
        failed = sum(rows.get((rule.name, code), 0) for code in _OF_TYPE)
        outside = rows.get((rule.name, "Q_RANGE"), 0)
        if rule.column.codes is not None and any((rule.name, code) in rows for code in _OF_CODES):
            changes.append(_unknown_codes(one))
        if failed or outside:
            given = int(np.count_nonzero(one.text.present()))
            # One wrong row is a wrong row, in however short a file.
            if failed > max(1, CHANGED_SHARE * given):
                changes.append(_retyped(one, failed))
            if outside > max(1, CHANGED_SHARE * given):
                changes.append(_out_of_range(rule, outside))
    return tuple(changes)


def shown(name: str) -> str:
    """Returns a column's name as it may be shown: a header is the site's text, so shortened and escaped."""
    return "(a value in place of a name)" if identifier_as_header(name) else ascii(name)[1:-1][:40]


def lines(drift: tuple[Change, ...]) -> list[str]:
    """Returns the drift as the lines of a diff: `-` gone, `+` new, `~` another name, `!` other values."""
    return [_line(change) for change in drift]


def _line(change: Change) -> str:
    rows = "" if change.rows is None else f" in {change.rows} row(s)"
    match change.change:
        case "removed":
            return f"- {change.column or change.found}"
        case "added":
            return f"+ {change.column or change.found}"
        case "renamed":
            return f"~ {change.expected} -> {change.found}"
        case _:
            return f"! {change.column}: {change.expected} expected, {change.found}{rows}"


def _changes(kind: Literal["added", "removed"], names: list[str]) -> list[Change]:
    told = [
        Change(
            change=kind,
            column=shown(name),
            expected=shown(name) if kind == "removed" else "",
            found=shown(name) if kind == "added" else "",
        )
        for name in names[:_MOST_NAMES]
    ]
    if len(names) > _MOST_NAMES:
        told.append(Change(change=kind, column="", expected="", found=f"{len(names) - _MOST_NAMES} more columns"))
    return told


def _renamed(removed: list[str], added: list[str], header: list[str]) -> dict[str, str]:
    """Returns which column that is gone is which that is new: the most alike first, each once."""
    scored = sorted(
        (-alike, removed.index(old), added.index(new))
        for old in removed[:_MOST_NAMES]
        for new in added[:_MOST_NAMES]
        if (alike := _likeness(old, new)) >= _ALIKE
    )
    renamed: dict[str, str] = {}
    for _, old, new in scored:
        if removed[old] not in renamed and added[new] not in renamed.values():
            renamed[removed[old]] = added[new]
    # Of one that is gone and one that is new in an unchanged number of columns, the new one stands for the other.
    if not renamed and len(removed) == len(added) == 1 and len(header) > 2:
        renamed[removed[0]] = added[0]
    return {old: renamed[old] for old in removed if old in renamed}


def _likeness(old: str, new: str) -> float:
    """Returns how alike two names are, from 0 to 1, without case, blanks and punctuation."""
    first, second = ("".join(filter(str.isalnum, name.casefold())) for name in (old, new))
    if first == second:
        return 1
    # Item 9 is never item 11: the numbers in a name are what it is about.
    numbers = ([part.lstrip("0") for part in re.findall("[0-9]+", name)] for name in (first, second))
    if next(numbers) != next(numbers):
        return 0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _unknown_codes(one: Checked) -> Change:
    known = set(one.rule.column.codes or ())
    unknown = np.array([text is not None and text not in known for text in one.text.values.to_pylist()], bool)
    counts = one.text.counts()[unknown]
    return Change(
        change="code_unknown",
        column=shown(one.rule.name),
        expected=f"one of {len(known)} code(s)",
        found=f"{np.count_nonzero(counts)} unknown code(s)",
        rows=int(counts.sum()),
    )


def _retyped(one: Checked, rows: int) -> Change:
    names, counts = [*(name for name, _ in _FORMS), "text"], [0] * (len(_FORMS) + 1)
    values = zip(one.text.values.to_pylist(), one.error.values.to_pylist(), one.text.counts().tolist(), strict=True)
    for text, code, count in values:
        if code in _OF_TYPE:
            forms = (number for number, (_, form) in enumerate(_FORMS) if re.fullmatch(form, text, re.ASCII))
            counts[next(forms, len(_FORMS))] += count
    return Change(
        change="retyped",
        column=shown(one.rule.name),
        expected=one.rule.column.type,
        found=names[counts.index(max(counts))],
        rows=rows,
    )


def _out_of_range(rule: ColumnRule, rows: int) -> Change:
    low, high = rule.column.range or (rule.target.allowed if rule.target else None) or (None, None)
    expected = " ".join(
        [*([f"from {low:g}"] if low is not None else []), *([f"to {high:g}"] if high is not None else [])]
    )
    return Change(
        change="out_of_range", column=shown(rule.name), expected=expected, found="values outside of it", rows=rows
    )
