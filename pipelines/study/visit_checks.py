"""What visits must hold beyond their types: windows that make sense together, versions, a baseline that exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipelines.study.model import Study
from pipelines.study.problem import Problem
from pipelines.study.visits import AmendedVisit, Visit, visits_by_version


def visit_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake in the visits, the protocol's versions and in what is the baseline."""
    names = [visit.visit for visit in study.visits]
    for index, visit in enumerate(study.visits):
        where = ("visits", index)
        if names.index(visit.visit) != index:
            yield Problem((*where, "visit"), "this visit stands twice. Give each visit its own name.")
        yield from _days(visit, where)
        if visit.of_period and study.design != "crossover":
            yield Problem((*where, "of_period"), "only a crossover study has periods. Remove it, or set design.")
        if visit.since is not None and visit.since not in study.protocol.versions:
            text = f"no such version. Versions: {', '.join(study.protocol.versions)}."
            yield Problem((*where, "since"), text)
    for name in _overlapping([visit for visit in study.visits if visit.since is None]):
        yield Problem(("visits", names.index(name), "window"), "overlaps the window of the visit before it.")
    if sum(visit.baseline for visit in study.visits) != 1:
        yield Problem(("visits",), "exactly one visit must say `baseline: true`.")
    yield from _amendments(study)
    yield from _baseline(study)


def _days(visit: Visit | AmendedVisit, where: tuple[str | int, ...]) -> Iterator[Problem]:
    if visit.window and visit.window[0] > visit.window[1]:
        yield Problem((*where, "window"), "the window ends before it starts. Write [first day, last day].")
    if visit.day == 0:
        yield Problem((*where, "day"), "there is no study day 0: day 1 is the first dose, day -1 the day before.")
    if visit.day is not None and visit.window and not visit.window[0] <= visit.day <= visit.window[1]:
        yield Problem((*where, "window"), "the target day lies outside its window.")


def _overlapping(visits: Sequence[Visit]) -> list[str]:
    """Returns each visit whose window overlaps that of the one before it."""
    planned = [(visit.visit, visit.window) for visit in visits if visit.window]
    return [name for (_, first), (name, second) in pairwise(planned) if second[0] <= first[1] and second[1] >= first[0]]


def _amendments(study: Study) -> Iterator[Problem]:
    protocol = study.protocol
    names = [visit.visit for visit in study.visits]
    baselines = {visit.visit for visit in study.visits if visit.baseline}
    for index, amendment in enumerate(protocol.amendments):
        where = ("protocol", "amendments", index)
        if amendment.version in protocol.versions[: index + 1]:
            yield Problem((*where, "version"), "this version stands twice. Give each its own.")
        if index and amendment.in_force <= protocol.amendments[index - 1].in_force:
            yield Problem((*where, "from"), "is not after the version before it. Write amendments in their order.")
        for site in amendment.sites:
            if site not in study.sites:
                yield Problem((*where, "sites", site), f"no such site. Sites: {', '.join(study.sites)}.")
        listed = f"Visits: {', '.join(names)}."
        for number, visit in enumerate(amendment.visits):
            if visit.visit not in names:
                text = f"no visit '{visit.visit}'. {listed} A visit that this version adds stands there with `since`."
                yield Problem((*where, "visits", number, "visit"), text)
            yield from _days(visit, (*where, "visits", number))
        for name in amendment.dropped:
            if name not in names:
                yield Problem((*where, "dropped"), f"no visit '{name}'. {listed}")
            if name in baselines:
                yield Problem((*where, "dropped"), "the baseline's visit is in every version.")
        for name in _overlapping(visits_by_version(study.visits, protocol)[amendment.version]):
            text = f"by this version the window of '{name}' overlaps that of the visit before it."
            yield Problem((*where, "visits"), text)


def _baseline(study: Study) -> Iterator[Problem]:
    rule = study.baseline
    names = {visit.visit for visit in study.visits}
    for name in rule.visits or ():
        if name not in names:
            text = f"no visit '{name}'. Visits: {', '.join(visit.visit for visit in study.visits)}."
            yield Problem(("baseline", "visits"), text)
    if rule.visits is not None and rule.rule == "visit":
        text = "by the rule `visit` the visit that says `baseline: true` is it. Remove `visits`, or write another rule."
        yield Problem(("baseline", "visits"), text)
    if rule.of == "period" and study.design != "crossover":
        yield Problem(("baseline", "of"), "only a crossover study has periods. Remove it, or set design.")
    if rule.of == "period" and not all(visit.of_period for visit in study.visits if visit.baseline):
        text = "each period has its own baseline, so the visit that says `baseline: true` needs `of_period: true`."
        yield Problem(("baseline", "of"), text)
    if study.design == "crossover" and study.day_one.first_of != ("first_dose",):
        yield Problem(("day_one",), "in a crossover study days count from each period's dose. Remove it.")
