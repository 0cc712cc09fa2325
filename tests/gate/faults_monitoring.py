"""The faults of the tables for data managers: what `faults.py` says of all checks holds for these."""

from __future__ import annotations

MONITORING_FAULTS = {
    "CUR-DELIVERIES-001": "update curated.deliveries set rows_in = 7",
    "CUR-DELIVERIES-002": "update curated.deliveries set rows_in = 7",
    "CUR-QUARANTINE-001": "delete from curated.quarantine; insert into curated.quarantine by name "
    "select * replace (7 as source_row) from published.quarantine",
    "CUR-QUARANTINE-002": "update curated.quarantine set code = null",
    "CUR-RECORD_CHANGES-001": "update curated.record_changes set new_source_row = null",
    "CUR-RECORD_CHANGES-002": "update curated.record_changes set old_value = new_value",
    "CUR-RECORD_CHANGES-003": "update curated.record_changes set old_delivery_id = repeat('b', 64)",
    "CUR-RECORD_CHANGES-004": "update curated.record_changes set variable = 'arm'",
    "PUB-RECONCILIATION-001": "update published.reconciliation set unexplained = 1 where unit = 'ROWS'",
    "PUB-RECONCILIATION-002": "update published.reconciliation set unexplained = null where domain = 'QS'",
    "PUB-RECONCILIATION-003": "delete from published.reconciliation where unit = 'ROWS'",
    "CUR-SITE_METRICS-001": "delete from curated.site_metrics where metric = 'ae_rate'",
    "CUR-SITE_METRICS-002": "update curated.site_metrics set flag = null",
    "CUR-SITE_METRICS-003": "update curated.site_metrics set threshold_red = 9",
    "CUR-SITE_METRICS-004": "update curated.site_metrics set p_value = 0",
    "CUR-SITE_METRICS-005": "update curated.site_metrics set score = 2",
    "CUR-SITE_METRICS-006": "update curated.site_metrics set n = 7",
}
