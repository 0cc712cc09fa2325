"""The faults that the checks of durability and the tables beside it are there to find, as SQL on the small cut."""

from __future__ import annotations

LASTING = ("durability", "durability_intervals", "retention", "response_episodes", "response_auc")

LASTING_FAULTS: dict[str, str] = {
    "CUR-DURABILITY-001": "insert into curated.durability from curated.durability",
    "CUR-DURABILITY-002": "update curated.adsl set analysfl = 'N'",
    "CUR-DURABILITY-003": "update curated.durability set aval = 0",
    "CUR-DURABILITY-004": "update curated.durability set lower_days = 9",
    "CUR-DURABILITY-005": "update curated.durability set evntdesc = null",
    "CUR-DURABILITY-006": "update curated.durability set startdy = 15",
    "CUR-DURABILITY-007": "update curated.durability set usubjid = 'S01-002'",
    "CUR-DURABILITY-008": "update curated.durability set paramcd = 'TTOTHER'",
    "CUR-DURABILITY-009": "update curated.durability set adt = date '2026-03-01'",
    "CUR-DURABILITY-010": "update curated.durability set trta = 'XXX'",
    "CUR-DURABILITY_INTERVALS-001": "insert into curated.durability_intervals from curated.durability_intervals",
    "CUR-DURABILITY_INTERVALS-002": "update curated.durability_intervals set tstop = 7",
    # Two halves that overlap by a day and leave one out add up all the same.
    "CUR-DURABILITY_INTERVALS-003": "insert into curated.durability_intervals by name "
    "select * replace (5 as tstart) from curated.durability_intervals; "
    "update curated.durability_intervals set tstop = 4 where tstart = 0",
    "CUR-DURABILITY_INTERVALS-004": "update curated.durability_intervals set event = 0",
    "CUR-DURABILITY_INTERVALS-005": "update curated.durability_intervals set doses = 2",
    "CUR-DURABILITY_INTERVALS-006": "update study.durability set maintenance_window_days = 28",
    "CUR-DURABILITY_INTERVALS-007": "update curated.durability_intervals set trta = 'XXX'",
    "CUR-RETENTION-001": "insert into curated.retention from curated.retention",
    "CUR-RETENTION-002": "insert into study.durability_landmarks values ('TTLOSS', 'W2', null, 'W2')",
    # The event on the day of the landmark: not retained.
    "CUR-RETENTION-003": "update curated.retention set landmark_days = 8",
    "CUR-RETENTION-004": "update curated.retention set missing_reason = 'WITHDRAWAL'",
    "CUR-RETENTION-005": "update curated.retention set trta = 'XXX'",
    "CUR-RESPONSE_EPISODES-001": "insert into curated.response_episodes from curated.response_episodes",
    "CUR-RESPONSE_EPISODES-002": "update curated.adsl set analysfl = 'N'",
    "CUR-RESPONSE_EPISODES-003": "update curated.response_episodes set aval = 7",
    "CUR-RESPONSE_EPISODES-004": "insert into curated.response_episodes by name "
    "select * replace (2 as episode, 15 as astdy) from curated.response_episodes",
    "CUR-RESPONSE_EPISODES-005": "update curated.response_episodes set evntdesc = null",
    "CUR-RESPONSE_EPISODES-006": "update curated.response_episodes set lowest_pchg = -49.9",
    "CUR-RESPONSE_EPISODES-007": "update curated.response_episodes set astdy = 9",
    "CUR-RESPONSE_EPISODES-008": "update curated.response_episodes set aendt = date '2026-03-01'",
    "CUR-RESPONSE_EPISODES-009": "update curated.response_episodes set trta = 'XXX'",
    "CUR-RESPONSE_AUC-001": "insert into curated.response_auc from curated.response_auc",
    "CUR-RESPONSE_AUC-002": "update curated.adsl set analysfl = 'N'",
    "CUR-RESPONSE_AUC-003": "insert into curated.response_auc by name "
    "select * replace ('W1' as avisit) from curated.response_auc; delete from curated.response_auc where avisit = 'W2'",
    "CUR-RESPONSE_AUC-004": "update curated.response_auc set missing_reason = null",
    "CUR-RESPONSE_AUC-005": "update curated.response_auc set aval = 31 where aval = 30",
    "CUR-RESPONSE_AUC-006": "update curated.response_auc set dtype = 'LOCF'",
    "CUR-RESPONSE_AUC-007": "update curated.response_auc set base = 29",
    "CUR-RESPONSE_AUC-008": "update curated.response_auc set trta = 'XXX'",
}
