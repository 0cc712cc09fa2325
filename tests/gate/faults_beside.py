"""The faults of what stands beside the endpoints: therapy by subject, doses, biomarkers, safety, blinding."""

from __future__ import annotations

BESIDE: dict[str, str] = {
    "CUR-ADAE-014": "update curated.adae set emergent_reason = null",
    "CUR-ADAE-015": "update study.settings set emergent_until_days = 0;"
    "update curated.adae set astdt = date '2026-01-11'",
    "CUR-ADAE-016": "update curated.adae set aedecod = 'Dissociation'",
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
    "CUR-BLINDING_ASSESSMENT-001": "update curated.blinding_assessment set usubjid = 'S01-999'",
    "CUR-BLINDING_ASSESSMENT-002": "update curated.blinding_assessment set guess = null, correctfl = null",
    "CUR-BLINDING_ASSESSMENT-003": "insert into curated.blinding_assessment from curated.blinding_assessment",
    "CUR-BLINDING_ASSESSMENT-004": "update curated.blinding_assessment set correctfl = 'Y'",
    "CUR-BLINDING_ASSESSMENT-005": "update curated.blinding_assessment set srcseq = 99",
    "CUR-BLINDING_ASSESSMENT-006": "update curated.blinding_assessment set trta = 'XXX'",
    "CUR-SAFETY_ALERTS-001": "update curated.safety_alerts set usubjid = 'S01-999'",
    "CUR-SAFETY_ALERTS-002": "update curated.safety_alerts set after_first_dose_fl = 'Y'",
    "CUR-SAFETY_ALERTS-003": "update curated.advs set alertfl = 'Y'",
    "CUR-SAFETY_ALERTS-004": "update landed.qs set qstestcd = 'CSSRS05', qsstresn = 1 where usubjid = 'S01-002'",
    "CUR-SAFETY_ALERTS-005": "update curated.adae set aeser = 'Y'",
    "CUR-SAFETY_ALERTS-006": "update curated.safety_alerts set trta = 'XXX'",
    "CUR-SESSION_PEAKS-001": "insert into curated.session_peaks from curated.session_peaks",
    "CUR-SESSION_PEAKS-002": "update curated.session_peaks set usubjid = 'S01-999'",
    "CUR-SESSION_PEAKS-003": "update curated.session_peaks set adt = date '2026-01-11'",
    "CUR-SESSION_PEAKS-004": "update curated.advs set aval = 151 where atpt = '40 MIN'",
    "CUR-SESSION_PEAKS-005": "update curated.session_peaks set aval = 176",
    "CUR-SESSION_PEAKS-006": "update curated.session_peaks set chg = 1",
    "CUR-SESSION_PEAKS-007": "update curated.session_peaks set trta = 'XXX'",
}
