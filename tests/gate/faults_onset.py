"""The faults of the tables of response, remission, onset and sustained response, as those of `faults.py`."""

from __future__ import annotations


def of_both_endpoints(table: str) -> dict[str, str]:
    """Returns the faults that `response` and `remission` have alike."""
    mart, start = f"curated.{table}", f"CUR-{table.upper()}"
    return {
        f"{start}-001": f"insert into {mart} from {mart} limit 1",
        f"{start}-002": "update curated.adsl set analysfl = 'N' where usubjid = 'S01-002'",
        f"{start}-003": f"delete from {mart} where aval is null and missing_rule = 'observed'",
        f"{start}-004": f"insert into {mart} by name select * replace ('D2' as avisit) from {mart}",
        f"{start}-006": f"update {mart} set crit1fl = 'Y' where aval is null",
        f"{start}-007": f"update {mart} set crit1fl = null where missing_rule = 'nri'",
        f"{start}-008": f"update {mart} set dtype = 'LOCF' where missing_rule = 'observed'",
        f"{start}-009": f"update {mart} set crit1 = 'another rule'",
        f"{start}-010": f"update {mart} set chg = 1",
        f"{start}-011": f"update {mart} set aval = aval + 0.5",
        f"{start}-012": f"update {mart} set trta = 'XXX'",
        f"{start}-013": f"update {mart} set delivery_id = repeat('b', 64)",
        f"{start}-014": f"update {mart} set crit1fl = 'N' where dtype = 'WC'",
        f"{start}-015": f"update {mart} set dtype = 'LOCF' where aval is not null",
    }


ONSET_FAULTS: dict[str, str] = {
    "CUR-ONSET-001": "insert into curated.onset from curated.onset",
    "CUR-ONSET-002": "update curated.adsl set analysfl = 'N'",
    "CUR-ONSET-003": "delete from curated.onset where cnsr = 1",
    "CUR-ONSET-004": "update curated.onset set aval = 7",
    "CUR-ONSET-005": "update curated.onset set lower_days = 9",
    "CUR-ONSET-006": "update curated.onset set cnsdtdsc = null",
    "CUR-ONSET-007": "update curated.onset set ady = 15",
    "CUR-ONSET-008": "update curated.onset set crit2 = null",
    "CUR-ONSET-009": "update curated.onset set crit1fl = 'Y' where cnsr = 1",
    "CUR-ONSET-010": "update curated.onset set adt = date '2026-03-01'",
    "CUR-ONSET-011": "update curated.onset set trta = 'XXX'",
    "CUR-ONSET-012": "update curated.onset set delivery_id = repeat('b', 64)",
    "CUR-SUSTAINED-001": "insert into curated.sustained from curated.sustained",
    "CUR-SUSTAINED-002": "update curated.adsl set analysfl = 'N'",
    "CUR-SUSTAINED-003": "delete from curated.sustained where usubjid = 'S01-002'",
    "CUR-SUSTAINED-004": "update study.sustained_visits set paramcd = 'OTHER' where visit = 'W2'",
    "CUR-SUSTAINED-005": "update curated.sustained set visits_met = 2, visits_missed = 0",
    "CUR-SUSTAINED-006": "update curated.sustained set crit1fl = 'Y'",
    "CUR-SUSTAINED-007": "update curated.sustained set reason = null",
    "CUR-SUSTAINED-008": "update curated.sustained set paramcd = 'OTHER'",
    "CUR-SUSTAINED-009": "update curated.sustained set trta = 'XXX'",
    "CUR-SUSTAINED-010": "update curated.sustained set delivery_id = repeat('b', 64)",
}
