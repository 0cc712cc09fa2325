"""Transactional ODM: what a later transaction says goes before an earlier one, and Remove is a restatement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.build import build
from pipelines.build.history import create_history
from pipelines.build.landed import create_landed
from pipelines.core.duck import connect
from pipelines.cut import Cut, cut_inputs
from pipelines.land import land
from pipelines.study import Study
from tests.build.test_history import TRIAL_FILES, rows
from tests.build.trial import TRIAL
from tests.small_study import deliver, make_study

STUDY = TRIAL.replace(
    "layouts:\n  edc:\n",
    """layouts:
  edc:
    - file: edc_{date}.xml
      format: {type: odm}
      delivery: increment
      metadata: edc.xml
      columns:
        StudyEventOID: {to: visit, codes: [BL, D2, W1]}
        DATE: {to: date}
        TOTAL: {to: qs.MADRS.total}
        TERM: {to: ae.aeterm, releasable: true}
        START: {to: ae.aestdtc}
        SEVERITY: {to: ae.aesev}
""",
)
METADATA = (
    '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><Study OID="S"><MetaDataVersion OID="1">'
    '<ItemDef OID="DATE" DataType="date"/><ItemDef OID="TOTAL" DataType="integer"/>'
    '<ItemDef OID="TERM" DataType="text"/>'
    '<ItemDef OID="START" DataType="date"/><ItemDef OID="SEVERITY" DataType="text"/></MetaDataVersion></Study></ODM>'
)
FIRST, SECOND, THIRD = (f"edc_2026-0{month}-01.xml" for month in (3, 4, 5))


def group(event: str, transaction: str, repeat: int = 1, subject: str = "001", **items: object) -> str:
    """Returns one transaction on an item group."""
    said = "".join(f'<ItemData ItemOID="{name}" Value="{value}"/>' for name, value in items.items())
    return (
        f'<SubjectData SubjectKey="{subject}"><StudyEventData StudyEventOID="{event}"><FormData FormOID="F">'
        f'<ItemGroupData ItemGroupOID="G" ItemGroupRepeatKey="{repeat}" TransactionType="{transaction}">{said}'
        "</ItemGroupData></FormData></StudyEventData></SubjectData>"
    )


def removed(event: str = "", subject: str = "001") -> str:
    """Returns the removal of a whole event, or of the subject."""
    inner = f'<StudyEventData StudyEventOID="{event}" TransactionType="Remove"/>' if event else ""
    own = "" if event else ' TransactionType="Remove"'
    return f'<SubjectData SubjectKey="{subject}"{own}>{inner}</SubjectData>'


def odm(*transactions: str) -> str:
    return (
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Transactional">'
        f'<ClinicalData StudyOID="S" MetaDataVersionOID="1">{"".join(transactions)}</ClinicalData></ODM>'
    )


def landed(folder: Path, *deliveries: Sequence[str], text: str = STUDY) -> Study:
    """Returns a study to which these transactions were delivered, one file after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "edc.xml").write_text(METADATA, encoding="utf-8")
    study = make_study(folder, text)
    for file, transactions in zip((FIRST, SECOND, THIRD), deliveries, strict=False):
        deliver(study, "S01", file, odm(*transactions))
        for receipt in land(study).deliveries:
            assert (receipt.outcome, receipt.rows_quarantined) == ("accepted", 0)
    return study


def current(study: Study, **inputs: Any) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Returns the scores and the adverse events that a cut of this day would read."""
    with connect() as connection:
        create_landed(connection, cut_inputs(study, **inputs))
        scores = "select usubjid[-3:], visit, qsdtc, qsstresn::integer from landed.qs order by all"
        events = "select aeterm, aestdtc, aesev from landed.ae order by all"
        return connection.execute(scores).fetchall(), connection.execute(events).fetchall()


BASELINE = group("BL", "Insert", DATE="2026-01-05", TOTAL=30)
DAY_2 = group("D2", "Insert", DATE="2026-01-06", TOTAL=20)
HEADACHE = group("D2", "Insert", 2, TERM="Headache", START="2026-01-06", SEVERITY="MILD")
NAUSEA = group("D2", "Insert", 3, TERM="Nausea", START="2026-01-06", SEVERITY="MILD")
BL, D2 = ("001", "BL", "2026-01-05", 30), ("001", "D2", "2026-01-06", 20)

# Transactions one after the other, and the scores that are left.
SCORES: list[tuple[list[str], list[tuple[object, ...]]]] = [
    ([BASELINE, DAY_2], [BL, D2]),
    ([BASELINE, DAY_2, group("D2", "Update", TOTAL=12)], [BL, ("001", "D2", "2026-01-06", 12)]),
    ([BASELINE, DAY_2, group("D2", "Update", DATE="2026-01-07", TOTAL=20)], [BL, ("001", "D2", "2026-01-07", 20)]),
    ([BASELINE, DAY_2, group("D2", "Upsert", DATE="2026-01-06", TOTAL=20)], [BL, D2]),
    ([BASELINE, DAY_2, group("D2", "Remove")], [BL]),
    ([BASELINE, DAY_2, removed("D2")], [BL]),
    ([BASELINE, DAY_2, group("D2", "Insert", subject="002", TOTAL=9), removed()], [("002", "D2", None, 9)]),
    ([BASELINE, DAY_2, removed(), group("D2", "Insert", TOTAL=8)], [("001", "D2", None, 8)]),
    ([BASELINE, DAY_2, group("D2", "Remove"), group("D2", "Upsert", DATE="2026-01-06", TOTAL=20)], [BL, D2]),
]  # fmt: skip


@pytest.mark.parametrize("files", [1, 2, 3])
def test_the_last_transaction_of_a_place_stands_in_one_file_as_in_several(tmp_path: Path, files: int) -> None:
    parts: list[list[str]] = [[] for _ in range(files)]
    expected = []
    for number, (transactions, left) in enumerate(SCORES, start=1):
        # Each case has subjects of its own.
        own = [text.replace('="00', f'="{number}0') for text in transactions]
        for part, transaction in zip([*([0] * len(own)), *range(1, files)][-len(own) :], own, strict=True):
            parts[part].append(transaction)
        expected += [(f"{number}{str(subject)[1:]}", *rest) for subject, *rest in left]
    assert current(landed(tmp_path, *parts))[0] == sorted(expected, key=lambda row: (row[0], str(row[1])))


def test_an_update_keeps_what_it_does_not_mention_and_may_change_a_records_key(tmp_path: Path) -> None:
    changes = [group("D2", "Update", 2, SEVERITY="SEVERE"), group("D2", "Update", 3, TERM="Vomiting")]
    expected = [("Headache", "2026-01-06", "SEVERE"), ("Vomiting", "2026-01-06", "MILD")]
    assert current(landed(tmp_path / "1", [HEADACHE, NAUSEA, *changes]))[1] == expected
    assert current(landed(tmp_path / "2", [HEADACHE, NAUSEA], changes))[1] == expected


def test_the_same_record_at_two_places_is_still_two_values(tmp_path: Path) -> None:
    (tmp_path / "edc.xml").write_text(METADATA, encoding="utf-8")
    study = make_study(tmp_path, STUDY.replace("quarantine_limit_pct: 60", "quarantine_limit_pct: 70"))
    twice = [DAY_2, group("D2", "Insert", 9, DATE="2026-01-06", TOTAL=11)]
    deliver(study, "S01", FIRST, odm(BASELINE, *twice))
    (receipt,) = land(study).deliveries
    assert (receipt.codes, receipt.rows_in, receipt.rows_quarantined) == (("Q_DUP",), 3, 2)


def test_a_removal_is_a_restatement_and_no_deletion(tmp_path: Path) -> None:
    study = landed(tmp_path, [BASELINE, DAY_2], [group("D2", "Remove")], [DAY_2])
    assert current(study, as_of=dt.date(2026, 3, 31))[0] == [BL, D2]
    assert current(study, as_of=dt.date(2026, 4, 30))[0] == [BL]
    assert current(study)[0] == [BL, D2]
    with connect() as connection:
        inputs = cut_inputs(study)
        create_landed(connection, inputs)
        create_history(connection, inputs)
        states = "select step, record_key, _source_row from landed.history order by all"
        assert connection.execute(states).fetchall() == [
            (1, "MADRSTOT | BL | 2026-01-05", 1),
            (1, "MADRSTOT | D2 | 2026-01-06", 2),
            (2, "MADRSTOT | BL | 2026-01-05", None),
            (3, "MADRSTOT | BL | 2026-01-05", None),
            (3, "MADRSTOT | D2 | 2026-01-06", 1),
        ]


@pytest.mark.slow
def test_record_changes_says_what_transactions_changed_and_removed(tmp_path: Path) -> None:
    study = landed(tmp_path, [BASELINE, DAY_2], [group("BL", "Update", TOTAL=31), group("D2", "Remove")])
    for site, file, content in TRIAL_FILES:
        deliver(study, site, file, content)
    land(study)
    cut = Cut(study.folder, build(study).cut_id)
    changes = "select change, record_key, variable, old_value, new_value, seen_on from record_changes order by all"
    day = dt.date(2026, 4, 1)
    assert rows(cut, changes) == [
        ("changed", "MADRSTOT | BL | 2026-01-05", "qsstresn", "30", "31", day),
        ("vanished", "MADRSTOT | D2 | 2026-01-06", None, None, None, day),
    ]
    assert rows(cut, "select avisit, aval from adqs where usubjid like '%001' and aval is not null") == [("BL", 31)]
