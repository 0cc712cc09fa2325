"""Restatements of any series of deliveries, held against a model of a few lines of Python."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from pipelines.build import build
from pipelines.cut import Cut, cut_inputs
from pipelines.land import land
from pipelines.study import Study
from tests.build.test_history import CHAIN, INCREMENTS, TRIAL_FILES
from tests.build.trial import NONE, TRIAL
from tests.small_study import deliver, make_study, scores_file, scores_row

DAYS = {"BL": "2026-01-05", "D2": "2026-01-06", "W1": "2026-01-12"}
Scores = dict[tuple[str, str], int]
Change = tuple[str, str, str, str | None, str | None, str]


def series(seed: int, length: int = 5) -> list[Scores]:
    """Returns what each of a series of deliveries says: a few scores of three subjects, many of them as before."""
    chosen = random.Random(seed)  # noqa: S311  (the same series each time, not a secret)
    keys = [(subject, visit) for subject in ("001", "002", "003") for visit in DAYS]
    return [{key: chosen.choice([9, 10, 10, 10]) for key in keys if chosen.random() < 0.8} for _ in range(length)]


def written(scores: Scores) -> str:
    return scores_file(*(scores_row(*key, DAYS[key[1]], NONE, str(total), "") for key, total in scores.items()))


def delivered_on(number: int) -> str:
    return f"2026-{number + 3:02d}-01"


def changes_of_snapshots(deliveries: list[Scores]) -> list[Change]:
    found: list[Change] = []
    for number, (old, new) in enumerate(pairwise(deliveries), start=1):
        seen = delivered_on(number)
        found += [("added", *key, None, None, seen) for key in new.keys() - old.keys()]
        found += [("vanished", *key, None, None, seen) for key in old.keys() - new.keys()]
        found += [("changed", *k, str(old[k]), str(new[k]), seen) for k in old.keys() & new.keys() if old[k] != new[k]]
    return sorted(found, key=str)


def changes_of_increments(deliveries: list[Scores]) -> list[Change]:
    found: list[Change] = []
    known: Scores = {}
    for number, new in enumerate(deliveries):
        seen = delivered_on(number)
        found += [
            ("changed", *key, str(known[key]), str(total), seen)
            for key, total in new.items()
            if known.get(key, total) != total
        ]
        known |= new
    return sorted(found, key=str)


@pytest.mark.requirement("RES-2")
@pytest.mark.requirement("RES-3")
@pytest.mark.slow
@pytest.mark.parametrize(("text", "seed"), [(TRIAL, 1), (INCREMENTS, 2)])
def test_each_change_of_a_series_has_its_row_and_the_tables_hold_what_was_said_last(
    tmp_path: Path, text: str, seed: int
) -> None:
    deliveries = series(seed)
    study = make_study(tmp_path, text)
    files = [("S01", f"scores_{delivered_on(number)}.csv", written(one)) for number, one in enumerate(deliveries)]
    for site, file, content in (*TRIAL_FILES, *files):
        deliver(study, site, file, content)
    assert not land(study).refused
    cut = Cut(study.folder, build(study).cut_id)
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        told = connection.execute(
            """
            select change, usubjid[-3:], split_part(record_key, ' | ', 2), old_value, new_value, seen_on::varchar
            from record_changes where domain = 'QS' and record_key like 'MADRSTOT%'
            """
        ).fetchall()
        current = connection.execute("select usubjid[-3:], avisit, aval::integer from adqs where paramcd = 'MADRS'")
        held = {(subject, visit): total for subject, visit, total in current.fetchall() if total is not None}
    snapshots = text is TRIAL
    assert sorted(told, key=str) == (changes_of_snapshots if snapshots else changes_of_increments)(deliveries)
    last: Scores = {}
    for one in deliveries:
        last = one if snapshots else last | one
    assert held == last


@pytest.mark.requirement("RES-1")
@pytest.mark.requirement("RES-4")
@pytest.mark.slow
def test_any_order_and_any_number_of_runs_give_one_cut(tmp_path: Path) -> None:
    # The last one brings the first one's bytes back under a newer day.
    files = [*TRIAL_FILES, *CHAIN, ("S01", "scores_2026-06-01.csv", CHAIN[0][2])]

    def arrived(name: str, order: list[tuple[str, str, str]], at_once: int) -> Study:
        study = make_study(tmp_path / name)
        for start in range(0, len(order), at_once):
            for file in order[start : start + at_once]:
                deliver(study, *file)
            land(study)
            # The same bytes again are nothing new.
            assert not land(study).new
        return study

    known = cut_inputs(arrived("known", files, len(files))).cut_id
    for seed in range(4):
        order = random.Random(seed).sample(files, len(files))  # noqa: S311
        assert cut_inputs(arrived(str(seed), order, 1 + seed)).cut_id == known, [file for _, file, _ in order]
