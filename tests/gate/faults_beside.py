"""The faults of what stands beside the endpoints: therapy by subject, doses, biomarkers, safety, blinding."""

from __future__ import annotations

BESIDE: dict[str, str] = {
    # Strict: a rise of 40 is no alert, one of 41 is.
    "CUR-ADVS-017": "update curated.advs set aval = 161, chg = 41 where atpt = '40 MIN'",
    "CUR-EXPOSURE-015": "update curated.exposure set dose_deviation_fl = 'Y'",
    "CUR-EXPOSURE-016": "update curated.exposure set stopped_early_fl = 'Y'",
    "CUR-EXPOSURE-017": "update curated.exposure set weight_date = date '2026-01-11'",
    "CUR-EXPOSURE-018": "update curated.exposure set phase = null",
    "CUR-THERAPY_SUMMARY-001": "insert into curated.therapy_summary from curated.therapy_summary limit 1",
    "CUR-THERAPY_SUMMARY-002": "update curated.therapy_summary set usubjid = 'S01-999'",
    "CUR-THERAPY_SUMMARY-003": "update curated.therapy_summary set minutes = 61",
    "CUR-THERAPY_SUMMARY-004": "delete from curated.therapy_summary where usubjid = 'S01-002'",
    "CUR-THERAPY_SUMMARY-005": "update curated.therapy_summary set planned_attended_pct = 50",
    "CUR-THERAPY_SUMMARY-006": "update curated.therapy_summary set trta = 'BLINDED'",
    "CUR-BIOMARKERS-018": "update curated.biomarkers set pchg = 1",
    # Half of the limit 0.3 is 0.15.
    "CUR-BIOMARKERS-019": "update curated.biomarkers set blqfl = 'Y', aval = 0.3",
}
