"""The real ketamine / saline crossover: published figures, and every other one computed again in plain Python."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cut import published_cut
from pipelines.study import Study

INBOX = Path(__file__).resolve().parents[2] / "studies" / "nimh_ketamine" / "inbox" / "NIMH"
SESSIONS = {"ses-d2": ("KET", "D2"), "ses-d10": ("KET", "D10"), "ses-p2": ("PBO", "D2"), "ses-p10": ("PBO", "D10")}
SCALES = {"MADRS": ("MADRS_Total", 10), "HAMD17": ("HAM17_Total", 7)}


def tsv(name: str) -> list[dict[str, str]]:
    with (INBOX / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def depressed() -> set[str]:
    return {row["participant_id"] for row in tsv("participants.tsv") if row["group"] == "MDD"}


def scores(column: str) -> dict[tuple[str, str], int]:
    return {
        (row["participant_id"], row["session_id"]): int(row[column])
        for row in tsv("phenotype.tsv")
        if row["participant_id"] in depressed() and row["session_id"] != "n/a" and row[column] != "n/a"
    }


def pairs(column: str) -> Iterator[tuple[str, str, str, int, int]]:
    """Yields subject, arm, visit, baseline and score for each assessment of a subject with a baseline."""
    found = scores(column)
    for (subject, session), score in found.items():
        if session in SESSIONS and (subject, "ses-b0") in found:
            yield (subject, *SESSIONS[session], found[subject, "ses-b0"], score)


def query(study: Study, sql: str) -> list[tuple[Any, ...]]:
    cut = published_cut(study.folder)
    assert cut is not None
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def study(published: Callable[[str], Study]) -> Study:
    return published("nimh_ketamine")


def test_the_baseline_is_that_of_the_published_data(study: Study) -> None:
    (row,) = query(
        study,
        """select count(aval), round(avg(aval), 2), count(*) from adsl
        left join adqs on adsl.usubjid = adqs.usubjid and paramcd = 'MADRS' and ablfl = 'Y' where analysfl = 'Y'""",
    )
    assert row == (32, 33.38, 33)


@pytest.mark.parametrize(
    ("visit", "pairs_n", "mean", "responders", "remitters"), [("D2", 27, 23.59, 6, 4), ("D10", 26, 28.23, 3, 2)]
)
def test_ketamine_gives_the_published_figures(
    study: Study, visit: str, pairs_n: int, mean: float, responders: int, remitters: int
) -> None:
    where = f"endpoint = 'primary' and trta = 'KET' and avisit = '{visit}' and missing_rule = 'observed'"
    found = query(
        study,
        f"""select count(pchg), round(avg(aval), 2), count_if(crit1fl = 'Y'),
        (select count_if(crit1fl = 'Y') from remission where {where}) from response where {where}""",
    )
    assert found == [(pairs_n, mean, responders, remitters)]


@pytest.mark.parametrize("scale", SCALES)
def test_every_arm_and_visit_equals_a_count_in_plain_python(study: Study, scale: str) -> None:
    column, cutoff = SCALES[scale]
    expected: dict[tuple[str, str], list[float]] = {}
    for _, arm, visit, base, score in pairs(column):
        n, total, responders, remitters = expected.get((arm, visit), [0, 0, 0, 0])
        responded = (base - score) * 2 >= base
        expected[arm, visit] = [n + 1, total + score, responders + responded, remitters + (score <= cutoff)]
    found = query(
        study,
        f"""select response.trta, response.avisit, count(response.aval)::int, sum(response.aval)::int,
        count_if(response.crit1fl = 'Y')::int, count_if(remission.crit1fl = 'Y')::int
        from response inner join remission
            using (usubjid, aperiod, endpoint, avisit, estimand, missing_rule)
        where paramcd = '{scale}' and missing_rule = 'observed' and response.base is not null
        group by all""".replace("where paramcd", "where response.paramcd"),
    )
    assert {row[:2]: list(row[2:]) for row in found} == expected


def test_last_observation_carried_forward_equals_plain_python(study: Study) -> None:
    by_subject: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for subject, arm, visit, base, score in pairs("MADRS_Total"):
        by_subject.setdefault((subject, arm), {})[visit] = (base, score)
    last = {key: visits.get("D10", visits.get("D2")) for key, visits in by_subject.items()}
    expected: dict[str, list[int]] = {"KET": [0, 0], "PBO": [0, 0]}
    for (_, arm), pair in last.items():
        assert pair is not None
        expected[arm][0] += 1
        expected[arm][1] += (pair[0] - pair[1]) * 2 >= pair[0]
    found = query(
        study,
        """select trta, count(crit1fl)::int, count_if(crit1fl = 'Y')::int from response
        where endpoint = 'primary' and avisit = 'D10' and missing_rule = 'locf' group by all""",
    )
    assert {row[0]: list(row[1:]) for row in found} == expected


def test_healthy_and_bipolar_participants_are_kept_and_not_analysed(study: Study) -> None:
    assert query(study, "select dx, analysfl, count(*)::int from adsl group by all order by all") == [
        ("BP", "N", 3),
        ("HC", "N", 22),
        ("MDD", "Y", 33),
    ]
    assert query(study, "select count(*) from response inner join adsl using (usubjid) where analysfl <> 'Y'") == [(0,)]


def test_period_and_sequence_follow_the_infusions(study: Study) -> None:
    expected = {
        f"NIMH-KET-{row['participant_id']}": [
            {"d": "KET", "p": "PBO"}[row[name]] for name in ("infusion_1", "infusion_2")
        ]
        for row in tsv("participants.tsv")
        if row["group"] == "MDD" and "n/a" not in {row["infusion_1"], row["infusion_2"]}
    }
    sequences = dict(query(study, "select usubjid, trtseqp from adsl where analysfl = 'Y' and trtseqp like '%-%'"))
    assert sequences == {subject: "-".join(arms) for subject, arms in expected.items()}
    rows = query(
        study, "select distinct usubjid, aperiod, trta from adqs where aperiod is not null and trta is not null"
    )
    assert {(subject, period): arm for subject, period, arm in rows if subject in expected}.items() <= {
        (subject, number): arm for subject, arms in expected.items() for number, arm in enumerate(arms, 1)
    }.items()


def test_the_row_without_a_session_is_in_quarantine_with_its_reason(study: Study) -> None:
    number = next(i for i, row in enumerate(tsv("phenotype.tsv"), 1) if row["session_id"] == "n/a")
    assert query(study, "select source_file, source_row, column_name, code from quarantine") == [
        ("phenotype.tsv", number, "session_id", "Q_KEY")
    ]


def test_every_score_names_the_row_it_came_from(study: Study) -> None:
    rows = tsv("phenotype.tsv")
    found = query(
        study, "select usubjid, aval, srcseq, source_file from adqs where paramcd = 'MADRS' and aval is not null"
    )
    assert len(found) > 150
    for usubjid, aval, srcseq, source_file in found:
        assert source_file == "phenotype.tsv"
        assert isinstance(srcseq, int)
        source = rows[srcseq - 1]
        assert (f"NIMH-KET-{source['participant_id']}", int(source["MADRS_Total"])) == (usubjid, aval)


def test_the_report_prints_the_same_figures_and_says_that_it_is_unsigned(study: Study) -> None:
    cut = published_cut(study.folder)
    assert cut is not None
    page = (cut.report / "index.html").read_text()
    for figure in ("6/27", "4/27", "3/26", "2/26"):
        assert figure in page
    for path in cut.report.glob("*.html"):
        assert "unsigned" in path.read_text().lower(), path.name
    assert json.loads((cut.gate / "verdict.json").read_bytes())["blocking"] is False
