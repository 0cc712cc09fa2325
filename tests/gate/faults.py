"""For every check, the fault that it is there to find, as SQL on the small cut.

A check that cannot fail is a defect: `test_faults.py` puts each fault in and sees its check fail, and fails itself when
a check has no fault here.
"""

from __future__ import annotations

from pipelines.study import domains
from tests.gate.faults_across import ACROSS
from tests.gate.faults_beside import BESIDE
from tests.gate.faults_lasting import LASTING, LASTING_FAULTS
from tests.gate.faults_monitoring import MONITORING_FAULTS
from tests.gate.faults_onset import ONSET_FAULTS, of_both_endpoints

TABLE_DOMAINS = [domain for domain in domains.DOMAINS.values() if not domain.analysed]
DOMAINS = {
    "dm": ("rficdtc", False),
    "ex": ("exstdtc", True),
    "qs": ("qsdtc", True),
    "vs": ("vsdtc", True),
    "lb": ("lbdtc", True),
    "ae": ("aestdtc", False),
    "ds": ("dsstdtc", False),
    "pr": ("prstdtc", True),
    "ce": ("cestdtc", False),
}
MARTS = {
    "adsl": "trt01p",
    **dict.fromkeys(
        ("adqs", "response", "remission", "onset", "sustained", *LASTING, "therapy", "exposure", "biomarkers"), "trta"
    ),
    **dict.fromkeys(
        ("adae", "advs", "therapy_summary", "session_peaks", "safety_alerts", "blinding_assessment"), "trta"
    ),
}

MONITORING = ("deliveries", "quarantine", "record_changes", "site_metrics")


def _of_every_domain(domain: str, date: str, *, has_visit: bool) -> dict[str, str]:
    table = f"landed.{domain}"
    faults = [
        f"update {table} set usubjid = null",
        f"update {table} set siteid = 'S99'",
        f"insert into {table} by name select * replace ('S02' as siteid) from {table}"
        if domain == "dm"
        else f"update {table} set usubjid = 'S01-999'",
        *([f"update {table} set visit = 'W99'"] if has_visit else []),
        f"update {table} set {date} = '10.01.2026'",
        f"update {table} set {date} = '2026-02-21'",
        f"update {table} set _source_row = null",
    ]
    return {f"LAN-{domain.upper()}-{number:03d}": fault for number, fault in enumerate(faults, start=1)}


def _of_a_table_of_its_own(domain: domains.Domain) -> dict[str, str]:
    """Returns the faults of a domain that no model reads, at the gates `landed` and `curated`."""
    landed, curated, code = f"landed.{domain.name}", f"curated.{domain.name}", domain.name.upper()
    unknown = "update {} set usubjid = 'S01-999'"
    faults = {
        f"CUR-{code}-001": f"insert into {curated} from {curated}",
        f"CUR-{code}-002": unknown.format(curated),
    }
    sourceless = f"update {landed} set _source_row = null"
    if domain.in_vault:
        faults[f"LAN-{code}-001"] = f"insert into {landed} by name select unnest(landed('S01-001', 70))"
        faults[f"CUR-{code}-003"] = f"update study.settings set blinded = true; from {curated}"
    elif domain.of_subjects:
        faults |= {
            f"LAN-{code}-001": f"update {landed} set usubjid = null",
            f"LAN-{code}-002": unknown.format(landed),
            f"LAN-{code}-003": sourceless,
            f"LAN-{code}-004": f"alter table {landed} add column spdevid varchar",
        }
        if domain.hidden:
            revealed = f"update {curated} set {domain.hidden[0].name} = 'KIT-1'"
            faults[f"CUR-{code}-003"] = f"update study.settings set blinded = true; {revealed}"
    else:
        faults[f"LAN-{code}-001"] = sourceless
    return faults


def _of_every_published_table(table: str, treatment: str | None) -> dict[str, str]:
    start = f"PUB-{table.upper()}"
    faults = {
        f"{start}-001": f"insert into published.{table} from published.{table} limit 1",
        f"{start}-002": f"alter table published.{table} rename column siteid to site",
        f"{start}-003": f"alter table published.{table} add column email varchar",
    }
    if treatment:
        faults[f"{start}-004"] = "update study.settings set blinded = true"
    return faults


def _of_dated_marts(table: str, ids: dict[str, int], date: str = "adt", day: str = "ady") -> dict[str, str]:
    mart = f"curated.{table}"
    faults = {
        "subject": f"update {mart} set usubjid = 'S01-999'",
        "consent": f"update {mart} set {date} = date '2026-01-01'",
        "left": f"update {mart} set usubjid = 'S01-002', {date} = date '2026-01-21'",
        "day": f"update {mart} set {day} = 0",
        "cutoff": f"update {mart} set {date} = date '2026-03-01'",
        "arm": f"update {mart} set trta = 'BLINDED'",
        "source": f"update {mart} set srcseq = 99",
        "lost": f"delete from {mart} where usubjid = 'S01-001'; insert into {mart} by name "
        f"select * replace ('S01-009' as usubjid) from published.{table} limit 1",
    }
    return {f"CUR-{table.upper()}-{number:03d}": faults[name] for name, number in ids.items()}


FAULTS: dict[str, str] = {
    **MONITORING_FAULTS,
    **{
        key: fault
        for name, (date, visit) in DOMAINS.items()
        for key, fault in _of_every_domain(name, date, has_visit=visit).items()
    },
    **{
        key: fault
        for table in (*MARTS, *MONITORING, *(domain.name for domain in TABLE_DOMAINS))
        for key, fault in _of_every_published_table(table, MARTS.get(table)).items()
    },
    **{key: fault for domain in TABLE_DOMAINS for key, fault in _of_a_table_of_its_own(domain).items()},
    **ACROSS,
    **BESIDE,
    **of_both_endpoints("response"),
    **of_both_endpoints("remission"),
    **_of_dated_marts("adqs", {"subject": 2, "left": 7, "consent": 8, "day": 17, "cutoff": 18, "arm": 19, "lost": 22}),
    **_of_dated_marts(
        "therapy", {"subject": 2, "consent": 4, "left": 5, "day": 9, "cutoff": 10, "arm": 11, "source": 12, "lost": 13}
    ),
    **_of_dated_marts(
        "exposure",
        {"subject": 2, "consent": 4, "left": 5, "day": 10, "cutoff": 11, "arm": 12, "source": 13, "lost": 14},
    ),
    **_of_dated_marts(
        "biomarkers",
        {"subject": 2, "consent": 11, "left": 12, "day": 13, "cutoff": 14, "arm": 15, "source": 16, "lost": 17},
    ),
    **_of_dated_marts(
        "advs", {"subject": 2, "consent": 10, "left": 11, "day": 12, "cutoff": 13, "arm": 14, "source": 15, "lost": 16}
    ),
    **_of_dated_marts(
        "adae",
        {"subject": 2, "consent": 8, "day": 9, "cutoff": 10, "arm": 11, "source": 12, "lost": 13},
        date="astdt",
        day="astdy",
    ),
    "LAN-DM-007": "alter table landed.dm add column arm varchar",
    "LAN-DM-008": "update landed.dm set sex = 'X'",
    "LAN-DM-009": "update landed.dm set age = null",
    "LAN-DM-010": "update landed.dm set rficdtc = null where usubjid = 'S01-001'",
    "LAN-DM-011": "update landed.dm set dthdtc = '2026-01-12' where usubjid = 'S01-001'",
    "LAN-DS-007": "alter table landed.ds add column arm varchar",
    "LAN-DS-008": "update landed.ds set dsdecod = null",
    "LAN-DS-009": "insert into landed.ds by name select * replace ('COMPLETED' as dsdecod) from landed.ds",
    "LAN-DS-010": "insert into landed.ds by name select * replace ('2026-01-08' as dsstdtc) from landed.ds",
    "LAN-EX-008": "alter table landed.ex add column exdose double",
    "LAN-EX-009": "update landed.ex set exstdtc = null",
    "LAN-EX-010": "update landed.ds set dsdecod = 'SCREEN FAILURE' where dsdecod <> 'RANDOMIZED'",
    "LAN-QS-008": "alter table landed.qs add column arm varchar",
    "LAN-QS-009": "update landed.qs set qstestcd = 'MADRS11'",
    "LAN-QS-010": "update landed.qs set qsstresn = 7 where qstestcd = 'MADRS03'",
    "LAN-QS-011": "update landed.qs set qsstresn = 61 where qstestcd = 'MADRSTOT'",
    "LAN-QS-012": "delete from study.instruments",
    "LAN-QS-013": "update landed.qs set qsstresn = null",
    "LAN-VS-008": "update landed.vs set vstestcd = 'HEIGHT'",
    "LAN-VS-009": "update landed.vs set vsstresn = 0",
    "LAN-VS-010": "update landed.vs set vsstresu = 'kPa'",
    "LAN-LB-008": "update landed.lb set lbtestcd = 'ALT'",
    "LAN-LB-009": "update landed.lb set lbstresu = 'g/L'",
    "LAN-LB-010": "update landed.lb set lbstresn = -1",
    "LAN-AE-007": "update landed.ae set aeterm = null, aedecod = null",
    "LAN-AE-008": "update landed.ae set aeser = null",
    "LAN-AE-009": "update landed.ae set aestdtc = null",
    "LAN-PR-008": "update landed.pr set prtrt = null",
    "LAN-PR-009": "update landed.pr set prtrt = 'YOGA'",
    "LAN-PR-010": "update landed.pr set minutes = 1440",
    "LAN-CE-007": "update landed.ce set cedecod = null",
    "LAN-CE-008": "update landed.ce set cestdtc = null",
    "LAN-DELIVERIES-001": "update landed.deliveries set rows_accepted = 98",
    "LAN-DELIVERIES-002": "delete from landed.quarantine",
    "LAN-DELIVERIES-003": "insert into landed.quarantine by name "
    "select * replace (10 as _source_row) from landed.quarantine",
    "LAN-DELIVERIES-004": "update landed.deliveries set siteid = 'S99'",
    "LAN-DELIVERIES-005": "update landed.deliveries set delivery_id = 'all.csv'",
    "LAN-DELIVERIES-006": "update landed.deliveries set outcome = 'refused'",
    "LAN-DELIVERIES-007": "update landed.deliveries set rows_quarantined = 6",
    "LAN-DELIVERIES-008": "insert into study.sites values ('S02', 'Bern', 'CHE', 'site')",
    "LAN-QUARANTINE-001": "update landed.quarantine set reason = null",
    "LAN-QUARANTINE-002": "update landed.quarantine set _source_row = null",
    "LAN-QUARANTINE-003": "update landed.quarantine set _source_row = 99",
    "CUR-ADSL-001": "insert into curated.adsl from curated.adsl limit 1",
    "CUR-ADSL-002": "delete from curated.adsl where usubjid = 'S01-002'",
    "CUR-ADSL-003": "update curated.adsl set siteid = 'S99'",
    "CUR-ADSL-004": "update curated.adsl set trt01a = 'BLINDED'",
    "CUR-ADSL-005": "update curated.adsl set trt01p = null",
    "CUR-ADSL-006": "update curated.adsl set doses = 0",
    "CUR-ADSL-007": "update curated.adsl set trtedt = date '2026-01-09'",
    "CUR-ADSL-008": "update curated.adsl set eosstt = 'GONE'",
    "CUR-ADSL-009": "update curated.adsl set analysfl = null",
    "CUR-ADSL-010": "update curated.adsl set analysfl = 'N'",
    "CUR-ADSL-011": "update curated.adsl set analysfl = 'N' where usubjid = 'S01-001'",
    "CUR-ADSL-012": "update curated.adsl set srcseq = 99",
    "CUR-ADSL-013": "update curated.adsl set icdt = date '2026-01-11'",
    "CUR-ADSL-014": "update curated.adsl set randdt = date '2026-01-01'",
    "CUR-ADSL-015": "update curated.adsl set eosdt = date '2026-01-09'",
    "CUR-ADSL-016": "update curated.adsl set randfl = 'N', trt01p = null",
    "CUR-ADSL-017": "update curated.adsl set dcsreas = null",
    "CUR-ADQS-001": "insert into curated.adqs from curated.adqs limit 1",
    "CUR-ADQS-003": "update curated.adqs set chg = -15.5 where chg = -16",
    "CUR-ADQS-004": "update curated.adqs set pchg = -50 where chg = -16",
    "CUR-ADQS-005": "update curated.adqs set aval = 61 where chg = -16",
    "CUR-ADQS-006": "update curated.adqs set collected_total = 31 where item_sum = 30",
    "CUR-ADQS-009": "update curated.adqs set ablfl = 'Y'",
    "CUR-ADQS-010": "update curated.adqs set base = 29",
    "CUR-ADQS-011": "update curated.adqs set avisit = 'W1' where avisit = 'W2'",
    "CUR-ADQS-012": "update curated.adqs set aval = null where avisit = 'W2'",
    "CUR-ADQS-013": "update curated.adqs set total_source = 'items' where avisit = 'W2'",
    "CUR-ADQS-014": "update curated.adqs set items_answered = 9 where item_sum = 30",
    "CUR-ADQS-015": "update curated.adqs set avisit = 'W99'",
    "CUR-ADQS-016": "update curated.adqs set ady = 12 where avisit = 'W1'",
    "CUR-ADQS-020": "update curated.adqs set ablfl = null where usubjid = 'S01-002'",
    "CUR-ADQS-023": "update curated.adqs set dtype = 'PRORATED' where avisit = 'BL'",
    "CUR-ADQS-024": "update curated.adqs set avalcat1 = 'Normal to mild'",
    "CUR-ADQS-021": "update curated.adqs set srcseq = null",
    # Another scale that says no: 14 is above 5.
    "CUR-RESPONSE-016": "insert into study.response_conditions values ('primary', 'MADRS', 1, 'MADRS', null, 5, false)",
    # Exactly 50 %: 30 -> 15 is a response.
    "CUR-RESPONSE-005": "update curated.response set aval = 15, crit1fl = 'N' where aval = 14",
    # Exactly the cutoff: 10 is a remission.
    "CUR-REMISSION-005": "update curated.remission set aval = 10, crit1fl = 'N' where aval = 14",
    **ONSET_FAULTS,
    **LASTING_FAULTS,
}
