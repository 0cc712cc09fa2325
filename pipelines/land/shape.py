"""Shaping: text rows become typed SDTM-shaped records, and what is wrong with a row sets the whole row aside.

Order   values → the row's own keys → subjects → the records of each domain, checked → records that stand twice
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.checked import Checked, check_values, repeated_headers
from pipelines.land.coding import Coded, constant, first_present, pairs
from pipelines.land.contract import Contract
from pipelines.land.quarantine import Quarantine
from pipelines.land.readers.text_rows import Fault
from pipelines.land.record_checks import check_records
from pipelines.land.records import Records, domains_of, records_of
from pipelines.land.repeats import drop_repeats
from pipelines.land.rows import Rows
from pipelines.land.subjects import pseudonymise, set_subjects_aside
from pipelines.land.totals import wrong_totals
from pipelines.land.transactions import transactions_of
from pipelines.study.domains import DOMAINS


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """What a file's rows became: `text` as delivered (with pseudonyms, where the study asks for them), and records.

    `keys` are the subject and the planned visit of each row, as far as they are known and may be seen.
    """

    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    checked: list[Checked]
    text: dict[str, Coded]
    records: list[Records]
    quarantine: Quarantine
    keys: dict[str, Coded]
    transactions: pa.Table
    wrong_totals: int
    codes: tuple[str, ...]


def shape(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    columns: dict[str, Coded],
    exported_on: str | None,
    faults: tuple[Fault, ...] = (),
) -> Shaped:
    """Shapes the delivered columns; every row ends in exactly one of accepted and set aside.

    A row with one of the reader's `faults` is set aside for it.
    """
    count = len(next(iter(columns.values())))
    quarantine = Quarantine(count)
    checked = check_values(connection, contract, columns, exported_on)
    _set_values_aside(quarantine, checked, columns)
    for fault in faults:
        quarantine.set_aside(np.array([fault.row - 1]), fault.column, fault.code)
    rows = _rows(contract, checked, count, quarantine)
    set_subjects_aside(contract, rows, quarantine)
    text = pseudonymise(contract, rows, columns)
    transactions = transactions_of(connection, contract, rows)
    made: list[Records] = []
    warnings: set[str] = set()
    for name in domains_of(contract, [one.rule for one in checked]):
        records = records_of(DOMAINS[name], rows, contract.export.constants)
        records.absent = transactions.removed
        check_records(contract.study, rows, records, quarantine)
        if drop_repeats(records, rows, quarantine, transactions.superseded, numbered=contract.domain is not None):
            warnings.add("W_DUP")
        made.append(records)
    scores = next((records for records in made if records.domain.name == "qs"), None)
    wrong = wrong_totals(contract.study, rows, scores, quarantine.good) if scores else 0
    if wrong:
        warnings.add("W_SUM")
    return Shaped(
        rows_in=count,
        rows_accepted=int(np.count_nonzero(quarantine.good)),
        rows_quarantined=quarantine.count(),
        checked=checked,
        text=text,
        records=made,
        quarantine=quarantine,
        keys=_shown_keys(contract, rows, quarantine),
        transactions=transactions.table,
        wrong_totals=wrong,
        codes=(*quarantine.codes, *sorted(warnings)),
    )


def _shown_keys(contract: Contract, rows: Rows, quarantine: Quarantine) -> dict[str, Coded]:
    """Returns what a site finds a row by; a visit that is read from what reveals the arm is left out.

    A subject is named only where an accepted row of the file names it too: in a row that is set aside, as its cells are
    shifted, anything may stand where the key should.
    """
    subject = rows.keys["usubjid"].distinct()
    accepted = pa.array(subject.counts(quarantine.good) > 0)
    named = pc.if_else(accepted, subject.values, pa.scalar(None, subject.values.type))
    asked = [*rows.of_target(None, "visitnum"), *rows.of_target(None, "visit")]
    revealing = contract.in_vault or any(one.rule.column.column_class == "treatment" for one in asked)
    visit = constant(None, rows.count, pa.string()) if revealing else rows.keys["visit"]
    return {"usubjid": subject.holding(named), "visit": visit}


def _set_values_aside(quarantine: Quarantine, checked: list[Checked], columns: dict[str, Coded]) -> None:
    headers = repeated_headers(checked, columns)
    if headers is not None:
        quarantine.set_flagged_aside(headers, None, "Q_HEADER_ROW")
    for one in checked:
        for code in pc.unique(one.error.values.drop_null()).to_pylist():
            flagged = one.error.where(pc.equal(one.error.values, code))
            # A header that is repeated is wrong in every column; that it is one says all.
            quarantine.set_flagged_aside(flagged if headers is None else flagged & ~headers, one.rule.name, code)


def _rows(contract: Contract, checked: list[Checked], count: int, quarantine: Quarantine) -> Rows:
    study = contract.study
    numbers = {visit.visit: float(visit.visitnum) for visit in study.visits}
    rows = Rows(study=study, checked=list(checked), count=count, typed=quarantine.good.copy(), visit_numbers=numbers)
    site = rows.of_target(None, "site")
    own = contract.site if study.sites[contract.site].kind == "site" else None
    rows.keys["studyid"] = constant(study.study, count, pa.string())
    rows.keys["siteid"] = site[0].value if site else constant(own, count, pa.string())
    rows.keys["usubjid"] = _usubjid(contract, rows)
    # A visit may be named by its number and by its name; the number goes before.
    asked = [*rows.of_target(None, "visitnum"), *rows.of_target(None, "visit")]
    choices = [one.visit for one in asked if one.visit is not None]
    visit = first_present(choices) if choices else constant(None, count, pa.string())
    rows.keys["visit"] = visit
    planned = visit.holding(pa.array([numbers.get(value) for value in visit.values.to_pylist()], pa.float64()))
    # An unscheduled visit keeps the number that it came with: there may be two on one day.
    rows.keys["visitnum"] = first_present([planned, *(one.filling for one in rows.of_target(None, "visitnum"))])
    arms = [one.arm for one in checked if one.arm is not None]
    if arms:
        rows.keys["arm"] = arms[0]
    if site:
        known = pc.is_in(site[0].value.values, pa.array(sorted(study.trial_sites), pa.string()))
        strange = pc.and_(pc.is_valid(site[0].value.values), pc.invert(known))
        quarantine.set_flagged_aside(site[0].value.where(strange) & rows.typed, site[0].rule.name, "Q_FK")
        # Where numbers are given out by each site, a number without its site is nobody's.
        if study.subject_key == "site" and not rows.of_target(None, "usubjid"):
            quarantine.set_flagged_aside(~site[0].value.present() & rows.typed, site[0].rule.name, "Q_KEY")
    if asked:
        named = np.logical_or.reduce([one.text.present() for one in asked])
        quarantine.set_flagged_aside(~visit.present() & named & rows.typed, asked[0].rule.name, "Q_FK")
    return rows


def _usubjid(contract: Contract, rows: Rows) -> Coded:
    if key := rows.of_target(None, "usubjid"):
        return key[0].value
    if contract.domain:
        return constant(None, rows.count, pa.string())
    study, subject = contract.study, rows.of_target(None, "subject")[0].value
    if study.subject_key == "site":
        codes, sites, subjects = pairs(rows.keys["siteid"], subject)
        return Coded(codes=codes, values=pc.binary_join_element_wise(study.study, sites, subjects, "-"))
    return subject.holding(pc.binary_join_element_wise(study.study, subject.values, "-"))
