"""Three trials of others, each by a study file alone: their published figures, and a count in plain Python."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.land import land
from tests.small_study import deliver, make_study

STUDY_FILES = Path(__file__).parent / "trials"
Scores = dict[str, dict[str, Fraction]]
Counts = dict[tuple[str, str], tuple[int, int]]


@pytest.fixture(scope="module")
def tables(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Cut]:
    """Returns a function that lands one file whole in a study and gives its cut; each is built once."""
    done: dict[str, Cut] = {}

    def built(name: str, site: str, file: str, content: bytes, *changes: tuple[str, str]) -> Cut:
        key = f"{name} {file}"
        if key not in done:
            text = (STUDY_FILES / f"{name}.yml").read_text(encoding="utf-8")
            for old, new in changes:
                assert old in text
                text = text.replace(old, new)
            study = make_study(tmp_path_factory.mktemp(name) / name, text)
            deliver(study, site, file, content)
            (receipt,) = land(study).deliveries
            assert (receipt.rows_in, receipt.rows_quarantined) == (receipt.rows_accepted, 0), receipt.codes
            done[key] = Cut(study.folder, build(study).cut_id)
        return done[key]

    return built


def query(cut: Cut, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def reached(cut: Cut, table: str, where: str) -> Counts:
    """Returns by arm and rule how many reached the endpoint, of how many for whom that is known."""
    sql = f"select trta, missing_rule, count_if(crit1fl = 'Y'), count(crit1fl) from {table} where {where} group by all"
    return {(arm, rule): (reached, known) for arm, rule, reached, known in query(cut, sql)}


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def counts(arms: dict[str, str], scores: Scores, base: str, visits: list[str], cutoff: int | None = None) -> Counts:
    """Returns what `reached` should, by the definitions and not by our tables; without a cutoff of response."""
    found: Counts = {}
    for subject, arm in arms.items():
        for rule, value in _by_rule(scores[subject], base, visits):
            met = None if value is None else value <= (scores[subject][base] / 2 if cutoff is None else cutoff)
            met = False if rule == "nri" and met is None else met
            before = found.get((arm, rule), (0, 0))
            found[arm, rule] = before[0] + (met is True), before[1] + (met is not None)
    return found


def _by_rule(own: dict[str, Fraction], base: str, visits: list[str]) -> Iterator[tuple[str, Fraction | None]]:
    observed = own.get(visits[-1])
    yield "observed", observed
    yield "locf", next((own[visit] for visit in reversed(visits) if visit in own), None)
    yield "bocf", own[base] if observed is None else observed
    yield "nri", observed


@pytest.fixture(scope="module")
def dia(shared_data: Path) -> bytes:
    return (shared_data / "dia_antidepressant" / "antidepressant_data.csv").read_bytes()


def dia_csv(tables: Callable[..., Cut], dia: bytes) -> Cut:
    return tables("dia_antidepressant", "DM", "antidepressant_data.csv", dia)


@pytest.mark.slow
def test_the_dia_trial_gives_its_published_responders_and_remitters(tables: Callable[..., Cut], dia: bytes) -> None:
    cut = dia_csv(tables, dia)
    assert reached(cut, "response", "avisit = 'WEEK6'") == {
        ("DRUG", "observed"): (29, 64),
        ("PLACEBO", "observed"): (20, 65),
        ("DRUG", "locf"): (33, 84),
        ("PLACEBO", "locf"): (24, 88),
    }
    remission = reached(cut, "remission", "avisit = 'WEEK6' and missing_rule = 'observed'")
    assert remission == {("DRUG", "observed"): (20, 64), ("PLACEBO", "observed"): (18, 65)}


@pytest.mark.slow
def test_every_visit_of_the_dia_trial_equals_a_count_in_plain_python(tables: Callable[..., Cut], dia: bytes) -> None:
    cut = dia_csv(tables, dia)
    arms: dict[str, str] = {}
    scores: Scores = {}
    for row in csv_rows(dia):
        arms[row["PATIENT"]] = row["THERAPY"]
        own = scores.setdefault(row["PATIENT"], {"base": Fraction(row["BASVAL"])})
        own[row["VISIT"]] = Fraction(row["HAMDTL17"])
    visits = ["4", "5", "6", "7"]
    for n, visit in enumerate(("WEEK1", "WEEK2", "WEEK4", "WEEK6"), 1):
        for table, cutoff in (("response", None), ("remission", 7)):
            expected = counts(arms, scores, "base", visits[:n], cutoff)
            found = reached(cut, table, f"avisit = '{visit}'")
            assert found == {key: value for key, value in expected.items() if key[1] in {"observed", "locf"}}


@pytest.mark.slow
def test_the_sas_data_set_of_the_dia_trial_gives_the_same_table(
    tables: Callable[..., Cut], shared_data: Path, dia: bytes
) -> None:
    content = (shared_data / "dia_antidepressant" / "chapter15_example.sas7bdat").read_bytes()
    changes = (
        ("file: antidepressant_data.csv", "file: chapter15_example.sas7bdat\n      format: {type: sas7bdat}"),
        ("BASVAL:", "basval:"),
        ("CHANGE:", "change:"),
    )
    cut = tables("dia_antidepressant", "DM", "chapter15_example.sas7bdat", content, *changes)
    columns = "usubjid, siteid, trta, avisit, missing_rule, aval, base, pchg, crit1fl, dtype, srcseq"
    for table in ("response", "remission"):
        sql = f"select {columns} from {table} order by all"
        assert query(cut, sql) == query(dia_csv(tables, dia), sql)


@pytest.mark.slow
def test_the_responders_of_claus_2020_come_out_and_equal_a_count_in_plain_python(
    tables: Callable[..., Cut], shared_data: Path
) -> None:
    content = (shared_data / "claus_2020" / "claus_2020.csv").read_bytes()
    cut = tables("claus_2020", "CLINIC", "claus_2020.csv", content)
    last = reached(cut, "response", "avisit = 'T4' and endpoint = 'primary'")
    assert (last["PA", "observed"], last["TAU", "observed"]) == ((14, 21), (2, 19))
    for endpoint, column, cutoff in (("primary", "hamd", 7), ("self_report", "bdi", 9)):
        arms = {row["id"]: row["treatment"] for row in csv_rows(content)}
        scores: Scores = {subject: {} for subject in arms}
        for row in csv_rows(content):
            if row[column]:
                scores[row["id"]][row["time"]] = Fraction(row[column])
        times = ["2.0", "3.0", "4.0"]
        where = f"avisit = 'T4' and endpoint = '{endpoint}'"
        assert reached(cut, "response", where) == counts(arms, scores, "1.0", times)
        assert reached(cut, "remission", where) == counts(arms, scores, "1.0", times, cutoff)


@pytest.mark.slow
def test_observed_cases_and_locf_of_beat_the_blues_equal_a_count_in_plain_python(
    tables: Callable[..., Cut], shared_data: Path
) -> None:
    lines = (shared_data / "beat_the_blues" / "BtheB.csv").read_text(encoding="utf-8").splitlines()
    numbered = ["patient," + lines[0], *(f"{number:03d},{line}" for number, line in enumerate(lines[1:], 1)), ""]
    content = "\n".join(numbered).encode()
    cut = tables("beat_the_blues", "GP", "BtheB.csv", content)
    visits = ["bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"]
    arms = {row["patient"]: row["treatment"] for row in csv_rows(content)}
    scores = {
        row["patient"]: {name: Fraction(row[name]) for name in ("bdi.pre", *visits) if row[name]}
        for row in csv_rows(content)
    }
    response = reached(cut, "response", "avisit = 'M8'")
    assert response == counts(arms, scores, "bdi.pre", visits)
    assert reached(cut, "remission", "avisit = 'M8'") == counts(arms, scores, "bdi.pre", visits, 9)
    # Half of them drop out, so the rule decides the figure.
    assert (response["BtheB", "observed"], response["BtheB", "locf"]) == ((19, 27), (25, 52))
    assert (response["TAU", "observed"], response["TAU", "locf"]) == ((12, 25), (16, 45))
