"""Columns of the REDCap-like exports; the layout `redcap` of the study file declares the same."""

from __future__ import annotations

from pipelines.simulate.dosing import TIMEPOINTS

TIMES = dict(zip(TIMEPOINTS, ("pre", "40", "90"), strict=True))
MADRS = tuple(f"madrs_{item:02d}" for item in range(1, 11))
PHQ9 = tuple(f"phq9_{item}" for item in range(1, 10))

SUBJECTS = (
    "record_id", "consent_date", "sex", "age", "diagnosis", "failed_treatments",
    "study_end_date", "study_end_reason", "study_end_note",
)  # fmt: skip
VISITS = ("record_id", "visit", "visit_date", *MADRS, "madrs_total", *PHQ9, "weight_kg")
DOSING = (
    "record_id", "visit", "dose_date",
    *(f"{name}_{time}" for time in TIMES.values() for name in ("sysbp", "diabp", "pulse")),
    *(f"cadss_{time}" for time in TIMES.values()),
    "session_minutes", "therapist", "fidelity",
)  # fmt: skip
EVENTS = (
    "record_id", "form",
    "ae_term", "ae_coded_term", "ae_body_system", "ae_start", "ae_end",
    "ae_severity", "ae_serious", "ae_related", "ae_outcome",
    "relapse_term", "relapse_event", "relapse_date",
    "session_type", "session_date", "session_held", "session_minutes", "therapist", "fidelity",
)  # fmt: skip
