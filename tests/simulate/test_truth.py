"""The truth file tells the truth: at the place it names lies the defect it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

KAP_DEMO = Path(__file__).resolve().parents[2] / "studies" / "kap_demo"
TRUTH = json.loads((KAP_DEMO / "truth.json").read_text(encoding="utf-8"))
ROW_DEFECTS = [defect for defect in TRUTH["defects"] if defect["row"] is not None]
FILE_DEFECTS = [defect for defect in TRUTH["defects"] if defect["row"] is None]

Row = dict[str, Any]
Rows = list[Row]
SUBJECTS = "subjects_2026-06-30.csv"
CSV_SITES = {f"S0{number}" for number in range(1, 9)}


def _madrs(row: Row) -> list[str]:
    return [row[f"madrs_{item:02d}"] for item in range(1, 11)]


class Place(NamedTuple):
    """A row, all rows of its file, and those of the subjects file of its site."""

    row: Row
    rows: Rows
    subjects: Rows


def _twin(at: Place, *keys: str) -> Row:
    [twin] = [other for other in at.rows if other is not at.row and all(other[key] == at.row[key] for key in keys)]
    return twin


def _end(at: Place) -> str:
    end = next(subject["study_end_date"] for subject in at.subjects if subject["record_id"] == at.row["record_id"])
    return end or "9999"


# By kind: whether this row holds the defect.
HOLDS: dict[str, Callable[[Place], bool]] = {
    "item above its range": lambda at: at.row["madrs_04"] == "7",
    "total above its range": lambda at: at.row["madrs_total"] == "61",
    "text in a number": lambda at: at.row["madrs_06"] == "severe",
    "fraction in a whole number": lambda at: at.row["phq9_3"] == "1.5",
    "date that the calendar does not have": lambda at: at.row["visit_date"] == "2026-02-30",
    "decimal comma": lambda at: at.row["session_minutes"] == "142,5",
    "date of undeclared order": lambda at: at.row["visit_date"] == "03/04/2026",
    "date after the export": lambda at: at.row["visit_date"] > "2026-06-30",
    "no subject key": lambda at: at.row["record_id"] == "",
    "visit that is not planned": lambda at: at.row["visit"] == "W5",
    "code that is not declared": lambda at: at.row["ae_severity"] == "SEVER",
    "invisible character in a subject key": lambda at: "\u200b" in at.row["record_id"],
    "visit that is not planned (XPT)": lambda at: (at.row["VISITNUM"], at.row["VISIT"]) == (77, "W22"),
    "item above its range (XPT)": lambda at: at.row["QSTESTCD"] == "MADRS08" and at.row["QSSTRESN"] == 9,
    "month that the calendar does not have (XPT)": lambda at: at.row["AESTDTC"] == "2025-13-02",
    "unit that is not declared": lambda at: at.row["unit"] == "umol/L",
    "markup in free text, kept as data": lambda at: at.row["ae_term"].startswith("<script>"),
    "partial date, kept as it is": lambda at: len(at.row["AESTDTC"]) == 7,
    "subject without demographics": lambda at: (at.row["site"], at.row["subject"]) == ("S03", "099"),
    "collected total is not the item sum": lambda at: sum(map(int, _madrs(at.row))) != int(at.row["madrs_total"]),
    "two items missing and no total": lambda at: (
        (at.row["madrs_05"], at.row["madrs_09"], at.row["madrs_total"]) == ("", "ND", "")
    ),
    "adverse event ends before it starts": lambda at: "" < at.row["ae_end"] < at.row["ae_start"],
    "visit before consent": lambda at: (
        at.row["visit_date"] < next(s["consent_date"] for s in at.subjects if s["record_id"] == at.row["record_id"])
    ),
    "score after the end of the study": lambda at: at.row["visit_date"] > _end(at),
    "the same visit twice with different values": lambda at: (
        at.row["madrs_01"] != _twin(at, "record_id", "visit", "visit_date")["madrs_01"]
    ),
    "the same row twice with equal values, counted once": lambda at: _twin(at, *at.row) == at.row,
    "header repeated among the rows": lambda at: all(name == value for name, value in at.row.items()),
}


@pytest.fixture
def places(rows_of: Callable[[str, str], Rows]) -> Callable[[dict[str, Any]], list[Place]]:
    """Returns a reader of the places in a defect's file, in order of the rows."""

    def read(defect: dict[str, Any]) -> list[Place]:
        rows = rows_of(defect["site"], defect["file"])
        subjects = rows_of(defect["site"], SUBJECTS) if defect["site"] in CSV_SITES else []
        return [Place(row, rows, subjects) for row in rows]

    return read


@pytest.mark.parametrize("defect", ROW_DEFECTS, ids=lambda defect: f"{defect['kind']}, row {defect['row']}")
def test_row_named_by_the_truth_file_holds_its_defect(
    places: Callable[[dict[str, Any]], list[Place]], defect: dict[str, Any]
) -> None:
    place = places(defect)[defect["row"] - 1]
    assert defect["column"] is None or defect["column"] in place.row
    assert HOLDS[defect["kind"]](place)


@pytest.mark.parametrize("kind", sorted(HOLDS))
def test_no_sound_row_of_the_file_holds_a_defect_of_that_kind(
    places: Callable[[dict[str, Any]], list[Place]], kind: str
) -> None:
    planted = next(defect for defect in ROW_DEFECTS if defect["kind"] == kind)
    broken = {
        defect["row"]
        for defect in ROW_DEFECTS
        if (defect["site"], defect["file"]) == (planted["site"], planted["file"])
    }
    # A row and its copy cannot be told apart.
    broken |= {row - 1 for row in broken if kind.startswith("the same row twice")}
    sound = [place for number, place in enumerate(places(planted), start=1) if number not in broken]
    assert len(sound) > 40
    assert not any(_holds(kind, place) for place in sound)


def _holds(kind: str, place: Place) -> bool:
    try:
        return HOLDS[kind](place)
    except (ValueError, StopIteration):
        # No twin, no such subject, or text where a total is expected.
        return False


@pytest.mark.parametrize("defect", FILE_DEFECTS, ids=lambda defect: defect["kind"])
def test_file_that_is_refused_is_not_the_newest_of_its_kind(simulated: Path, defect: dict[str, Any]) -> None:
    folder = simulated / "inbox" / defect["site"]
    assert (folder / defect["file"]).is_file()
    kind = defect["file"].split("_2")[0]
    newest = max(folder.glob(f"{kind}_2*"))
    assert newest.name != defect["file"] or defect["code"] == "F_FILE_UNKNOWN"


@pytest.mark.parametrize("correction", TRUTH["corrections"], ids=lambda entry: f"{entry['site']} {entry['older_file']}")
def test_newer_snapshot_differs_from_the_older_one_in_each_corrected_value(
    rows_of: Callable[[str, str], Rows], correction: dict[str, Any]
) -> None:
    older = rows_of(correction["site"], correction["older_file"])[correction["older_row"] - 1]
    newer = rows_of(correction["site"], correction["newer_file"])[correction["newer_row"] - 1]
    assert older[correction["column"]] != newer[correction["column"]]


def test_each_defect_is_of_its_own_kind_or_its_twin() -> None:
    kinds = [defect["kind"] for defect in TRUTH["defects"]]
    assert len(kinds) - len(set(kinds)) == 1


def test_readme_of_the_study_lists_every_defect_and_the_effects_of_the_truth_file() -> None:
    readme = (KAP_DEMO / "README.md").read_text(encoding="utf-8")
    for defect in TRUTH["defects"]:
        place = f"| {defect['site']} | {defect['file']} | {defect['row'] or ''} | {defect['column'] or ''} |"
        code = "" if defect["code"] == "A" else defect["code"]
        assert f"{place} {defect['kind']} | {defect['found_by']} | {code} |" in readme
    by_visit = TRUTH["realised_before_defects"]["by_visit"]
    for visit, outcome in (("D2", "response"), ("W4", "response"), ("W4", "remission")):
        for counts in by_visit[visit].values():
            assert f"| {counts[outcome]}/{counts['assessed']} (" in readme
    assert f"{len(TRUTH['defects'])} rows and files are wrong on purpose" in readme
