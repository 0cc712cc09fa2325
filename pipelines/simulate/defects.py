"""Defects planted in the rows of the current exports: each of another class, at most a few in a file."""

from __future__ import annotations

from datetime import date, timedelta

from pipelines.simulate.defect_cells import CELLS
from pipelines.simulate.planting import Defect, Tables, defect_in
from pipelines.simulate.tables import day


def plant(tables: Tables) -> list[Defect]:
    """Plants every row defect into the tables; returns them in the order of planting."""
    return [
        *(cell.plant(tables) for cell in CELLS),
        _total_is_not_the_sum(tables),
        _items_missing(tables),
        _date_without_day(tables),
        _event_ends_before_it_starts(tables),
        _visit_before_consent(tables),
        _score_after_withdrawal(tables),
        *_visit_twice_with_other_values(tables),
        _row_twice(tables),
        _header_repeated(tables),
    ]


def _total_is_not_the_sum(tables: Tables) -> Defect:
    table = tables["S01", "visits"]
    row = table.nth(4, visit="W12")
    table.put(row, "madrs_total", str(int(table.value(row, "madrs_total")) + 3))
    return defect_in(table, row, "madrs_total", "collected total is not the item sum", "check", "CUR-ADQS-006")


def _items_missing(tables: Tables) -> Defect:
    table = tables["S02", "visits"]
    row = table.nth(8, visit="W3")
    for column, value in (("madrs_05", ""), ("madrs_09", "ND"), ("madrs_total", "")):
        table.put(row, column, value)
    return defect_in(table, row, "madrs_09", "two items missing and no total", "mart", "adqs.missing_reason")


def _date_without_day(tables: Tables) -> Defect:
    table = tables["S10", "ae"]
    row = table.nth(6, AESEV="MILD")
    table.put(row, "AESTDTC", table.value(row, "AESTDTC")[: len("2026-01")])
    return defect_in(table, row, "AESTDTC", "partial date, kept as it is", "nobody", "A")


def _event_ends_before_it_starts(tables: Tables) -> Defect:
    table = tables["S05", "events"]
    row = next(row for row in table.find(form="AE") if table.value(row, "ae_end"))
    start = date.fromisoformat(table.value(row, "ae_start"))
    table.put(row, "ae_end", day(start - timedelta(days=9)))
    return defect_in(table, row, "ae_end", "adverse event ends before it starts", "check", "CUR-ADAE-003")


def _visit_before_consent(tables: Tables) -> Defect:
    subjects, visits = tables["S06", "subjects"], tables["S06", "visits"]
    row = visits.nth(9, visit="SCR")
    consent = subjects.value(subjects.find(record_id=visits.value(row, "record_id"))[0], "consent_date")
    visits.put(row, "visit_date", day(date.fromisoformat(consent) - timedelta(days=4)))
    return defect_in(visits, row, "visit_date", "visit before consent", "check", "CUR-ADQS-008")


def _score_after_withdrawal(tables: Tables) -> Defect:
    subjects, visits = tables["S03", "subjects"], tables["S03", "visits"]
    left = next(
        row
        for row in subjects.rows
        if subjects.value(row, "study_end_reason") not in {"", "COMPLETED", "SCREEN FAILURE"}
    )
    last = visits.find(record_id=subjects.value(left, "record_id"))[-1]
    row = list(last)
    ended = date.fromisoformat(subjects.value(left, "study_end_date"))
    visits.put(row, "visit", "UNSCHEDULED")
    visits.put(row, "visit_date", day(ended + timedelta(days=30)))
    visits.put(row, "weight_kg", "")
    visits.rows.insert(visits.rows.index(last) + 1, row)
    return defect_in(visits, row, "visit_date", "score after the end of the study", "check", "CUR-ADQS-007")


def _visit_twice_with_other_values(tables: Tables) -> list[Defect]:
    table = tables["S08", "visits"]
    first = table.nth(6, visit="W16")
    second = list(first)
    worse = "5" if table.value(first, "madrs_01") != "5" else "4"
    table.put(second, "madrs_01", worse)
    table.rows.insert(table.rows.index(first) + 1, second)
    kind = "the same visit twice with different values"
    return [defect_in(table, row, None, kind, "landing", "Q_DUP") for row in (first, second)]


def _row_twice(tables: Tables) -> Defect:
    table = tables["S08", "dosing"]
    first = table.nth(3, visit="W2")
    second = list(first)
    table.rows.insert(table.rows.index(first) + 1, second)
    return defect_in(table, second, None, "the same row twice with equal values, counted once", "nobody", "W_DUP")


def _header_repeated(tables: Tables) -> Defect:
    table = tables["S07", "visits"]
    row = list(table.columns)
    table.rows.insert(len(table.rows) // 2, row)
    return defect_in(table, row, None, "header repeated among the rows", "landing", "Q_HEADER_ROW")
