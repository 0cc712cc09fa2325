"""The faults between forms: what one says of a subject and another contradicts."""

from __future__ import annotations

ACROSS: dict[str, str] = {
    # W2 the day before BL, which stays where it is.
    "LAN-DM-012": "update landed.qs set qsdtc = '2026-01-09' where usubjid = 'S01-001' and visit = 'W2'",
    "LAN-DS-011": "update landed.dm set dthdtc = '2026-01-21' where usubjid = 'S01-002';"
    "update landed.ds set dsdecod = 'DEATH' where dsdecod = 'WITHDRAWAL BY SUBJECT'",
    # The event is of 2026-01-30.
    "LAN-CE-009": "update landed.dm set dthdtc = '2026-01-29'",
    "CUR-ADSL-018": "update curated.adsl set trt01a = 'PBO' where trt01p = 'KET'",
    "CUR-ADSL-019": "update curated.adsl set randdt = date '2026-01-11'",
    "CUR-ADSL-020": "update curated.adsl set eosdt = date '2026-01-08' where usubjid = 'S01-002'",
    "CUR-ADSL-022": "update curated.adsl set treatment_unblinded_date = date '2026-01-15' where usubjid = 'S01-001'",
    "CUR-ADSL-021": "update landed.dm set dthdtc = '2026-02-01' where usubjid = 'S01-001'",
    # The headache started on 2026-01-10.
    "CUR-ADAE-017": "update landed.dm set dthdtc = '2026-01-09'",
}
