"""Protocol versions and study day 1: what an amendment makes of the visits, and what it is told when it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.study.visits import Visit, visits_by_version
from tests.small_study import STUDY_FILE, make_study

PROTOCOL = """\
protocol:
  amendments:
    - {version: "2", from: 2026-03-01, sites: {S02: 2026-04-01}, visits: [{visit: W1, day: 9, window: [6, 12]}]}
    - {version: "3", from: 2026-06-01, dropped: [D2]}
"""
LATER = "  - {visit: W4, visitnum: 3, label: Week 4, day: 29, window: [26, 33], since: '2'}\n"
AMENDED = STUDY_FILE.replace("instruments:", f"{LATER}{PROTOCOL}instruments:", 1)


def planned(path: Path, text: str) -> dict[str, list[tuple[str, int | None, tuple[int, int] | None]]]:
    study = make_study(path, text)
    found = visits_by_version(study.visits, study.protocol)
    return {version: [(one.visit, one.day, one.window) for one in visits] for version, visits in found.items()}


def test_a_version_changes_the_one_before_it(tmp_path: Path) -> None:
    assert planned(tmp_path, AMENDED) == {
        "1": [("BL", 1, (-7, 1)), ("D2", 2, (2, 4)), ("W1", 8, (5, 11))],
        "2": [("BL", 1, (-7, 1)), ("D2", 2, (2, 4)), ("W1", 9, (6, 12)), ("W4", 29, (26, 33))],
        "3": [("BL", 1, (-7, 1)), ("W1", 9, (6, 12)), ("W4", 29, (26, 33))],
    }


def test_a_study_without_amendments_has_one_version(tmp_path: Path) -> None:
    assert list(planned(tmp_path, STUDY_FILE)) == ["1"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('version: "3"', 'version: "1"', "protocol.amendments[1].version: this version stands twice."),
        ("from: 2026-06-01", "from: 2026-03-01", "amendments[1].from: is not after the version before it."),
        ("S02: 2026", "S09: 2026", "amendments[0].sites.S09: no such site. Sites: S01, S02, S03, IRT."),
        ("visit: W1, day: 9", "visit: W9, day: 9", "visit: no visit 'W9'. Visits: BL, D2, W1, W4. A visit that"),
        ("day: 9, window: [6, 12]", "day: 5, window: [6, 12]", "visits[0].window: the target day lies outside"),
        ("window: [6, 12]", "window: [4, 12]", "by this version the window of 'W1' overlaps that of the visit before"),
        ("dropped: [D2]", "dropped: [D3]", "amendments[1].dropped: no visit 'D3'."),
        ("dropped: [D2]", "dropped: [BL]", "amendments[1].dropped: the baseline's visit is in every version."),
        ("since: '2'", "since: '4'", "visits[3].since: no such version. Versions: 1, 2, 3."),
        ("design: parallel", "design: crossover\nday_one: consent", "day_one: in a crossover study days count from"),
    ],
)
def test_an_amendment_that_cannot_be_followed_is_named(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in AMENDED
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, AMENDED.replace(right, wrong, 1))
    assert said in str(error.value)


def test_day_one_is_a_date_or_the_first_known_of_several(tmp_path: Path) -> None:
    for number, (written, dates) in enumerate(
        (("consent", ("consent",)), ("[first_dose, randomisation]", ("first_dose", "randomisation")))
    ):
        study = make_study(tmp_path / str(number), f"day_one: {written}\n{STUDY_FILE}")
        assert study.day_one.first_of == dates
    assert make_study(tmp_path).day_one.first_of == ("first_dose",)


@pytest.mark.parametrize(
    ("said", "day", "window"),
    [
        ({"week": 4, "within_days": (3, 4)}, 29, (26, 33)),
        # There is no day 0: three days before day 2 is day -2.
        ({"day": 2, "within_days": (3, 0)}, 2, (-2, 2)),
        ({"week": -2, "within_days": (1, 1)}, -14, (-15, -13)),
        ({"week": 0, "window": (1, 2)}, 1, (1, 2)),
        ({"month": 6}, 184, None),
    ],
)
def test_a_visit_is_planned_in_the_protocol_s_own_unit(
    said: dict[str, Any], day: int, window: tuple[int, int] | None
) -> None:
    visit = Visit(visit="V", visitnum=1, label="A visit", **said)
    assert visit.in_study_days() == {"day": day, "window": window}


def test_a_study_that_counts_in_weeks_has_the_same_visits(tmp_path: Path) -> None:
    in_days = "label: Week 1, day: 8, window: [5, 11]"
    assert in_days in STUDY_FILE
    in_weeks = STUDY_FILE.replace(in_days, "label: Week 1, week: 1, within_days: [3, 3]")
    assert planned(tmp_path / "weeks", in_weeks) == planned(tmp_path / "days", STUDY_FILE)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("day: 8, week: 1", "say the same thing twice"),
        ("day: 8, window: [5, 11], within_days: [3, 3]", "within_days counts around day, week or month"),
        ("within_days: [3, 3]", "within_days counts around day, week or month"),
    ],
)
def test_two_ways_of_saying_one_day_are_a_mistake(tmp_path: Path, said: str, told: str) -> None:
    text = STUDY_FILE.replace("label: Week 1, day: 8, window: [5, 11]", f"label: Week 1, {said}")
    with pytest.raises(StudyFileError, match=told):
        make_study(tmp_path, text)
