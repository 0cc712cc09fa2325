"""Status: what is due, late, missing or out of order, as of a day that is given."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.cut import cut_inputs
from pipelines.land import land
from pipelines.land.cadence import Cadence, expected_on
from pipelines.status import SiteStatus, status
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

WEEKLY = STUDY_FILE.replace("S01: {name: First, layout: edc}", "S01: {name: First, layout: edc, cadence: weekly}")


def scores(total: str) -> str:
    return scores_file(scores_row(total=total))


def landed(root: Path, *days: str, text: str = WEEKLY) -> Study:
    """Returns a study whose first site's scores of these days arrived in this order."""
    study = make_study(root, text)
    for number, day in enumerate(days):
        deliver(study, "S01", f"scores_{day}.csv", scores(str(30 + number)))
        land(study)
    return study


def first_site(study: Study, today: str) -> SiteStatus:
    return next(site for site in status(study, today=dt.date.fromisoformat(today)).sites if site.site == "S01")


@pytest.mark.parametrize(
    ("delivered", "cadence", "due"),
    [
        ("2026-03-02", "daily", "2026-03-03"),
        ("2026-02-25", "weekly", "2026-03-04"),
        ("2026-03-02", "monthly", "2026-04-02"),
        ("2026-01-31", "monthly", "2026-02-28"),
        ("2028-01-31", "monthly", "2028-02-29"),
        ("2026-12-15", "monthly", "2027-01-15"),
        ("2026-03-02", "once", None),
        ("", "weekly", None),
    ],
)
def test_the_next_delivery_is_due_by_the_cadence(delivered: str, cadence: Cadence, due: str | None) -> None:
    assert expected_on(delivered, cadence) == (dt.date.fromisoformat(due) if due else None)


def test_a_delivery_is_late_the_day_after_it_was_due(tmp_path: Path) -> None:
    study = landed(tmp_path, "2026-03-01")
    on_the_day, after = first_site(study, "2026-03-08"), first_site(study, "2026-03-09")
    assert (on_the_day.expected_next, on_the_day.late) == ("2026-03-08", ())
    assert after.late == ("scores_{date}.csv",)
    assert after.missing == ("subjects_{date}.csv",)


def test_a_site_that_delivers_once_is_never_late(tmp_path: Path) -> None:
    site = first_site(landed(tmp_path, "2026-03-01", text=STUDY_FILE), "2036-01-01")
    assert (site.expected_next, site.late) == ("", ())


def test_what_was_refused_and_set_aside_is_counted_and_a_refused_file_is_no_delivery_of_its_export(
    tmp_path: Path,
) -> None:
    study = landed(tmp_path, "2026-03-01")
    row = scores_row("002")
    deliver(study, "S01", "scores_2026-03-08.csv", scores_file(row, scores_row("003"), scores_row("004", total="61")))
    deliver(study, "S01", "scores_2026-03-16.csv", "id;visit")
    land(study)
    site = first_site(study, "2026-03-16")
    assert (site.refused, site.rows_accepted, site.rows_quarantined) == (1, 3, 1)
    assert (site.expected_next, site.late) == ("2026-03-15", ("scores_{date}.csv",))


@pytest.mark.requirement("RES-4")
def test_an_older_extract_that_arrives_after_a_newer_one_is_said_and_the_newest_stays_current(tmp_path: Path) -> None:
    study = landed(tmp_path, "2026-03-08", "2026-03-01", "2026-03-15")
    assert first_site(study, "2026-03-15").out_of_order == ("scores_2026-03-01.csv",)
    assert [one.file for one in cut_inputs(study).deliveries if one.current] == ["scores_2026-03-15.csv"]
    assert "W_OUT_OF_ORDER" not in json.dumps(cut_inputs(study).document)
    in_order = landed(tmp_path / "in order", "2026-03-01", "2026-03-08", "2026-03-15")
    assert first_site(in_order, "2026-03-15").out_of_order == ()


def test_a_cut_calls_late_what_was_due_before_its_own_day_whatever_the_clock_says(tmp_path: Path) -> None:
    study = landed(tmp_path, "2026-03-01")
    deliver(study, "IRT", "allocation_2026-03-08.csv", "site,id,arm,day\nS01,001,KET,2026-01-04\n")
    land(study)

    def late(as_of: dt.date | None) -> dict[str, tuple[str | None, bool]]:
        return {one.siteid: (one.expected_on, one.late) for one in cut_inputs(study, as_of=as_of).deliveries}

    # Without a day the newest export's counts: on 8 March the scores were due and not late.
    assert late(None) == {"S01": ("2026-03-08", False), "IRT": (None, False)}
    assert late(dt.date(2026, 3, 9)) == {"S01": ("2026-03-08", True), "IRT": (None, False)}
    deliver(study, "IRT", "allocation_2026-03-09.csv", "site,id,arm,day\nS01,001,KET,2026-01-04\nS01,002,KET,\n")
    land(study)
    assert late(None)["S01"] == ("2026-03-08", True)


def test_the_table_fits_a_terminal_and_names_sites_with_the_same_export_late_together(tmp_path: Path) -> None:
    study = landed(
        tmp_path, "2026-03-01", text=WEEKLY.replace("Second, layout: edc", "Second, layout: edc, cadence: weekly")
    )
    deliver(study, "S02", "scores_2026-03-01.csv", scores("40"))
    land(study)
    arguments = ["status", str(tmp_path), "--today", "2026-04-01"]
    shown = CliRunner().invoke(main, arguments, env={"COLUMNS": "80"}).output
    assert "late at S01, S02: scores_{date}.csv" in shown
    assert max(map(len, shown.splitlines())) <= 80
