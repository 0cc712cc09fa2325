"""What the models read: current deliveries, the vault where it may be opened, nothing after the cutoff."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipelines.build.landed import create_landed
from pipelines.core.duck import connect
from pipelines.cut import cut_inputs
from pipelines.land import land
from pipelines.study import Study
from pipelines.study.domains import DOMAINS
from tests.build.trial import SUBJECTS, TRIAL
from tests.small_study import deliver, make_study, scores_file, scores_row


@pytest.mark.parametrize(
    ("dtc", "kept"),
    [
        ("2026-01-06", True),
        ("2026-01-06T23:59", True),
        ("2026-01-07", False),
        ("2026-01", True),
        ("2026-02", False),
        ("2026", True),
        ("2027", False),
        (None, True),
    ],
)
def test_a_partial_date_is_compared_on_its_known_part(dtc: str | None, kept: bool) -> None:
    from pipelines.build.landed import _until

    with connect() as connection:
        query = f"select {_until('dtc', '2026-01-06')} from (select $1::varchar as dtc)"
        assert connection.execute(query, [dtc]).fetchone() == (kept,)


def test_who_consented_after_the_cutoff_is_not_there_and_no_later_date_is_told(tmp_path: Path) -> None:
    subjects = SUBJECTS.replace("004,63,2026-01-02", "004,63,2026-01-05") + "006,33,,2026-01-04,,\n"
    study = make_study(
        tmp_path, TRIAL.replace("ended: {type: date, to: ds.dsstdtc}", "ended: {type: date, to: dm.dthdtc}")
    )
    deliver(study, "S01", "subjects_2026-03-01.csv", subjects)
    deliver(study, "S01", "scores_2026-03-01.csv", scores_file(scores_row("004", day=""), scores_row("001", day="")))
    assert not land(study).refused
    cut = cut_inputs(study, data_cutoff=datetime.date(2026, 1, 4))
    with connect() as connection:
        create_landed(connection, cut)
        subjects_known = connection.execute("select usubjid[-3:], dthdtc from landed.dm order by 1").fetchall()
        assert subjects_known == [("001", None), ("002", None), ("003", None), ("005", None), ("006", None)]
        # A score without a date stays, unless its subject came later.
        assert connection.execute("select distinct usubjid[-3:] from landed.qs").fetchall() == [("001",)]
    with connect() as connection:
        create_landed(connection, cut_inputs(study))
        assert connection.execute("select count(*), count(dthdtc) from landed.dm").fetchone() == (6, 2)


def test_every_domain_is_there_with_all_its_variables(trial: Study) -> None:
    with connect() as connection:
        create_landed(connection, cut_inputs(trial))
        for domain in DOMAINS.values():
            columns = {row[0] for row in connection.execute(f"describe landed.{domain.name}").fetchall()}
            assert {variable.name for variable in domain.variables} <= columns
            assert {"studyid", "siteid", "usubjid", "_delivery_id", "_source_row", "delivery_rank"} <= columns
        assert connection.execute("select count(*) from landed.ce").fetchone() == (0,)
        arms = connection.execute("select arm, count(*) from landed.ds where arm is not null group by 1 order by 1")
        assert arms.fetchall() == [("KET", 2), ("PBO", 2)]


def test_a_blinded_cut_reads_no_arm(trial: Study) -> None:
    with connect() as connection:
        create_landed(connection, cut_inputs(trial, blinded=True))
        assert connection.execute("select count(*), count(arm) from landed.ds").fetchone() == (6, 0)


def test_only_current_deliveries_are_read_and_each_row_knows_its_own(trial: Study) -> None:
    inputs = cut_inputs(trial, data_cutoff=datetime.date(2026, 1, 6))
    with connect() as connection:
        create_landed(connection, inputs)
        query = """
            select distinct deliveries.file from landed.qs as qs
            left join landed.deliveries as deliveries
                on qs.delivery_rank = deliveries.delivery_rank and qs._delivery_id = deliveries.delivery_id
        """
        assert connection.execute(query).fetchall() == [("scores_2026-03-01.csv",)]
