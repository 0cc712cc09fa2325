"""The visits that a subject's version of the protocol plans, in plain Python, from docs/study-file.md."""

from __future__ import annotations

from pipelines.study import Study
from pipelines.study.visits import Visit
from tests.reference.records import Subject, first_doses, full_date


def version(study: Study, subject: Subject) -> str:
    """Returns the version that the subject follows: the last one in force at its site on the date that decides."""
    protocol = study.protocol
    first_dose = min(first_doses(subject).values(), default=None)
    dates = {
        "consent": full_date(subject.consent),
        "randomisation": full_date(subject.randomised),
        "first_dose": first_dose,
    }
    date = dates[protocol.version_by]
    followed = protocol.version
    for amendment in protocol.amendments:
        if date is not None and date >= amendment.sites.get(subject.site, amendment.in_force):
            followed = amendment.version
    return followed


def visits_of(study: Study, subject: Subject) -> list[Visit]:
    """Returns the visits that the subject's version plans, with their windows, in the order of the study file."""
    followed = version(study, subject)
    began = [study.protocol.version]
    planned = {visit.visit: visit for visit in study.visits}
    dropped: set[str] = set()
    for amendment in study.protocol.amendments:
        if followed in began:
            break
        began.append(amendment.version)
        dropped |= set(amendment.dropped)
        for change in amendment.visits:
            dropped -= {change.visit}
            update = {"day": change.day, "window": change.window}
            planned[change.visit] = planned[change.visit].model_copy(update=update)
    return [
        visit
        for visit in planned.values()
        if visit.visit not in dropped and (visit.since is None or visit.since in began)
    ]
