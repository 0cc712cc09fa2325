"""Response or remission that holds at several visits, in plain Python, from docs/study-file.md."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.study import Study
from pipelines.study.onset import Sustained
from tests.reference.outcomes import outcomes
from tests.reference.records import Subject


@dataclass(frozen=True, kw_only=True)
class Held:
    """One row of `sustained`: at how many visits it is asked for, met, missed and not known, and whether it held."""

    paramcd: str
    period: int
    asked: int
    met: int
    missed: int
    unknown: int
    is_met: bool | None


def held(study: Study, subject: Subject) -> list[Held]:
    """Returns the subject's rows of `sustained`, one for each definition and period."""
    rows = outcomes(study, subject)
    found: dict[tuple[str, int], Held] = {}
    for one in study.sustained:
        estimand = one.estimand or study.estimands[0].name
        rule = one.missing_rule or study.missing_rules[0].name
        flags: dict[int, dict[str, bool | None]] = {}
        for row in rows[one.of]:
            if (row.endpoint, row.estimand, row.missing_rule) == (one.endpoint, estimand, rule):
                flags.setdefault(row.period, {})[row.avisit] = row.is_met
        for period, by_visit in flags.items():
            found[one.paramcd, period] = _held(one, period, by_visit, found)
    return list(found.values())


def _held(one: Sustained, period: int, flags: dict[str, bool | None], above: dict[tuple[str, int], Held]) -> Held:
    asked = _asked(one, list(flags))
    missed = [visit for visit in asked if flags[visit] is False]
    unknown = [visit for visit in asked if flags[visit] is None]
    allowed = asked if one.misses_at is None else one.misses_at

    def within(visits: list[str]) -> bool:
        return len(visits) <= one.allowed_misses and all(visit in allowed for visit in visits)

    is_met = True if within([*missed, *unknown]) else None if within(missed) else False
    if one.unless is not None and is_met is not False:
        # The one that takes precedence: who meets it does not count here, and who may meet it is not known here.
        other = above[one.unless, period].is_met
        is_met = False if other else None if other is None else is_met
    return Held(
        paramcd=one.paramcd,
        period=period,
        asked=len(asked),
        met=len(asked) - len(missed) - len(unknown),
        missed=len(missed),
        unknown=len(unknown),
        is_met=is_met,
    )


def _asked(one: Sustained, visits: list[str]) -> list[str]:
    """Returns the visits at which it is asked for, of the planned ones after baseline in their order."""
    if one.visits is not None:
        return [visit for visit in visits if visit in one.visits]
    last = visits.index(one.to_visit) + 1 if one.to_visit else len(visits)
    first = visits.index(one.from_visit) if one.from_visit else last - (one.last_visits or 0)
    return visits[first:last]
