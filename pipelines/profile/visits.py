"""Visits as columns and codes name them: `bl`, `week 4`, `2m`, `ses-d10`, `V3`."""

from __future__ import annotations

import re

_UNITS = {
    **dict.fromkeys(("h", "hr", "hour"), ("H", "Hour", 1 / 24)),
    **dict.fromkeys(("d", "day"), ("D", "Day", 1.0)),
    **dict.fromkeys(("w", "wk", "week"), ("W", "Week", 7.0)),
    **dict.fromkeys(("m", "mo", "month"), ("M", "Month", 30.0)),
    **dict.fromkeys(("y", "yr", "year"), ("Y", "Year", 365.0)),
    **dict.fromkeys(("v", "visit", "t", "time", "tp"), ("V", "Visit", 1.0)),
}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_NAMED = {
    **dict.fromkeys(("bl", "base", "baseline", "b0", "pre"), ("BASELINE", "Baseline")),
    **dict.fromkeys(("scr", "screen", "screening"), ("SCREENING", "Screening")),
    **dict.fromkeys(("post",), ("POST", "After treatment")),
    **dict.fromkeys(("eot", "end", "endpoint"), ("EOT", "End of treatment")),
    **dict.fromkeys(("fu", "followup"), ("FU", "Follow-up")),
}
_TOKEN = re.compile(rf"(?:({_UNIT})([0-9]{{1,3}})|([0-9]{{1,3}})({_UNIT})|(fu|followup)([0-9]{{1,2}}))")
_BASELINE = re.compile(r"(^|[^a-z0-9])(base(line)?|bl|b0|pre|v?0|day ?0)([^a-z0-9]|$)", re.IGNORECASE)
_SCREENING = re.compile(r"(^|[^a-z])screen(ing)?([^a-z]|$)", re.IGNORECASE)


def visit_of_token(token: str) -> str | None:
    """Returns the visit that a word within a column's name stands for: `2m` is M2, `bl` BASELINE."""
    if token in _NAMED:
        return _NAMED[token][0]
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    unit, number = match.group(1) or match.group(4), match.group(2) or match.group(3)
    return f"{_UNITS[unit][0]}{int(number)}" if unit else f"FU{int(match.group(6))}"


def visit_of_code(code: str) -> str:
    """Returns the visit that a code of a visit column stands for; a bare number is V and the number."""
    whole = re.fullmatch(r"([0-9]+)(\.0*)?", code)
    return f"V{int(whole.group(1))}" if whole else identifier(code)


def label_of(visit: str) -> str:
    """Returns the visit in words, where it has any beside itself."""
    for name, label in _NAMED.values():
        if visit == name:
            return label
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", visit)
    words = {short: word for short, word, _ in _UNITS.values()} | {"FU": "Follow-up"}
    return f"{words[match.group(1)]} {match.group(2)}" if match and match.group(1) in words else visit


def is_baseline(visit: str) -> bool:
    """Whether a visit is named like the baseline."""
    return bool(_BASELINE.search(visit))


def visit_order(visit: str) -> tuple[object, ...]:
    """Returns what visits are sorted by: screening, baseline, then by time, then by the numbers in their names."""
    first = 0 if _SCREENING.search(visit) else 1 if _BASELINE.search(visit) else 2
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", visit)
    days = next((days for short, _, days in _UNITS.values() if match and match.group(1) == short), None)
    parts = re.split(r"([0-9]+)", visit.lower())
    natural = [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
    time = days * int(match.group(2)) if match and days else float("inf")
    return (first, time, natural)


def identifier(code: str) -> str:
    """Returns a code as a name of the study file: letters, digits, `-` and `_`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", code).strip("-_")[:32].strip("-_") or "X"
