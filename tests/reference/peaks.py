"""The worst value after each dose, in plain Python, from docs/study-file.md (Safety, Vital signs)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.study import Study
from tests.reference.records import Source, Subject

AFTER = {"40": 40, "90": 90}


@dataclass(frozen=True, kw_only=True)
class Peak:
    """One row of `session_peaks`: the highest systolic blood pressure after a dose on its day."""

    dose_number: int
    value: int
    base: int | None
    measured: int
    minutes: int
    is_beyond: bool
    source: Source


def peaks(study: Study, subject: Subject) -> Iterator[Peak]:
    """Yields the subject's rows of `session_peaks`; of several equally high values the first one."""
    if not subject.signs:
        return
    rule = study.vital_signs["SYSBP"]
    limit = rule.alert_above or 0
    days = sorted(dose.day for dose in subject.doses)
    for signs in subject.signs:
        after = {minutes: signs.systolic[point] for point, minutes in AFTER.items() if point in signs.systolic}
        if not after:
            continue
        value = max(after.values())
        yield Peak(
            dose_number=days.index(signs.day) + 1,
            value=value,
            base=signs.systolic.get("pre"),
            measured=len(after),
            minutes=min(minutes for minutes, one in after.items() if one == value),
            is_beyond=value > limit if rule.strict else value >= limit,
            source=signs.source,
        )
