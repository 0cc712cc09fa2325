"""From a score to the items that it is the sum of: the records of one assessment, restatements told apart."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pipelines.study.domains import DOMAINS
from pipelines.trace.chain import Step, Values
from pipelines.trace.items import ItemCode, item_codes, sum_of_points
from pipelines.trace.opened import OpenCut
from pipelines.trace.rules import score_rules
from pipelines.trace.sources import changes, records, sources

_QS = DOMAINS["qs"]
_QUALIFIERS = ("qsgrpid", "qseval", "qsevalid", "qsrepnum")
_KEY = ("visit", "qsdtc", "qstpt", *_QUALIFIERS, "period", "arm")


def find_score(cut: OpenCut, usubjid: object, paramcd: object, **like: Any) -> Values | None:
    """Returns the row of `adqs` that has these values, the one that counts for its visit first; None without one."""
    wanted = {name: value for name, value in like.items() if value is not None}
    condition = " and ".join(f"{name} = ?" for name in wanted) or "true"
    found = cut.rows(
        f"select * from {cut.scan('adqs')} where usubjid = ? and paramcd = ? and {condition} "
        "order by anl01fl nulls last, ablfl nulls last, avisitn, adt, srcseq",
        [usubjid, paramcd, *wanted.values()],
    )
    return found[0] if found else None


def score_step(cut: OpenCut, row: Values, what: str) -> Step:
    """Returns the link of one row of `adqs`, with its items below it."""
    kept = ("paramcd", "avisit", "adt", "ady", "aval", "total_source", "items_answered", "item_sum", "collected_total")
    values = {name: row[name] for name in kept if row[name] is not None}
    return Step(what=what, values=values, rules=score_rules(cut, row), steps=(items_step(cut, row),))


def items_step(cut: OpenCut, row: Values) -> Step:
    """Returns the items and the collected total that a row of `adqs` was made from, with their delivered rows.

    Where they do not add up to what the table says, `cut.wrong` says so.
    """
    codes = item_codes(cut, row["paramcd"])
    counted, restated = _assessment(cut, row, codes)
    listed = [_item(one, codes, "counted") for one in counted] + [_item(one, codes, "restated") for one in restated]
    listed.sort(key=lambda one: (codes[one["testcd"]].is_total, one["testcd"], one["state"]))
    if counted and sum_of_points(counted, codes) != row["item_sum"]:
        cut.notice(f"{row['source_file']} row {row['srcseq']}: its items do not add up to what adqs says")
    return Step(
        what=f"items of {row['paramcd']}",
        values={"items": sum(not codes[one["qstestcd"]].is_total for one in counted), "records": len(counted)},
        records=tuple(listed),
        sources=sources(cut, [*counted, *restated]),
        changes=changes(cut, _QS, counted),
    )


def _item(record: Values, codes: dict[str, ItemCode], state: str) -> Values:
    return {
        "testcd": record["qstestcd"],
        "item": codes[record["qstestcd"]].label,
        "score": codes[record["qstestcd"]].points(record),
        "collected": record["qsorres"],
        "status": record["qsstat"],
        "state": state,
        "file": record["_source_file"],
        "row": record["_source_row"],
    }


def _assessment(cut: OpenCut, row: Values, codes: dict[str, ItemCode]) -> tuple[list[Values], list[Values]]:
    """Returns the records of the assessment: those that count, and those that a later delivery restated."""
    marks = ", ".join("?" for _ in codes)
    every = records(cut, _QS, f"usubjid = ? and qstestcd in ({marks})", [row["usubjid"], *codes])
    groups: dict[tuple[Any, ...], list[Values]] = {}
    for record in every:
        groups.setdefault(tuple(record[name] for name in _KEY), []).append(record)
    found = [split for group in groups.values() if _starts_at(split := _split(group, codes), row)]
    # One delivered row may hold several assessments: its date, time point and visit tell which this is.
    for alike in (_same_time, _same_visit, _same_period):
        narrower = [split for split in found if alike(split[0][0], row)]
        found = narrower or found
    if len(found) != 1:
        cut.notice(f"{row['source_file']} row {row['srcseq']}: {len(found)} assessments match {row['avisit']}")
        return [], []
    return found[0]


def _split(group: list[Values], codes: dict[str, ItemCode]) -> tuple[list[Values], list[Values]]:
    # Oldest first: the last one of an item is the one that stands, one of another instrument only without an own one.
    group = sorted(group, key=lambda one: not codes[one["qstestcd"]].is_derived)
    standing = {codes[record["qstestcd"]].item: record for record in group}
    counted = sorted(standing.values(), key=lambda one: (one["delivery_rank"], one["_source_row"], one["_record"]))
    return counted, [record for record in group if record not in counted]


def _starts_at(split: tuple[list[Values], list[Values]], row: Values) -> bool:
    first = split[0][0]
    return bool(first["_source_row"] == row["srcseq"] and first["_delivery_id"] == row["delivery_id"])


def _same_time(record: Values, row: Values) -> bool:
    told = [record[name] for name in _QUALIFIERS if record[name] is not None]
    qualifiers = " | ".join(str(part) for part in told) or None
    return (_day(record["qsdtc"]), record["qstpt"], qualifiers) == (row["adt"], row["atpt"], row["qualifiers"])


def _same_visit(record: Values, row: Values) -> bool:
    return bool(record["visit"] == row["avisit"])


def _same_period(record: Values, row: Values) -> bool:
    return record["period"] is None or bool(record["period"] == row["aperiod"])


def _day(text: str | None) -> str | None:
    """Returns the day of an ISO 8601 text; None where it is not known."""
    try:
        return dt.date.fromisoformat((text or "")[:10]).isoformat()
    except ValueError:
        return None
