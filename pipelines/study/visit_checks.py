"""What visits must hold beyond their types: windows that make sense together, a baseline that exists."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pipelines.study.model import Study
from pipelines.study.problem import Problem


def visit_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake in the visits and in what is the baseline."""
    names = [visit.visit for visit in study.visits]
    for index, visit in enumerate(study.visits):
        where = ("visits", index)
        if names.index(visit.visit) != index:
            yield Problem((*where, "visit"), "this visit stands twice. Give each visit its own name.")
        if visit.window and visit.window[0] > visit.window[1]:
            yield Problem((*where, "window"), "the window ends before it starts. Write [first day, last day].")
        if visit.day == 0:
            yield Problem((*where, "day"), "there is no study day 0: day 1 is the first dose, day -1 the day before.")
        if visit.day is not None and visit.window and not visit.window[0] <= visit.day <= visit.window[1]:
            yield Problem((*where, "window"), "the target day lies outside its window.")
        if visit.of_period and study.design != "crossover":
            yield Problem((*where, "of_period"), "only a crossover study has periods. Remove it, or set design.")
    planned = [(index, visit.window) for index, visit in enumerate(study.visits) if visit.window]
    for (_, first), (index, second) in pairwise(planned):
        if second[0] <= first[1] and second[1] >= first[0]:
            yield Problem(("visits", index, "window"), "overlaps the window of the visit before it.")
    if sum(visit.baseline for visit in study.visits) != 1:
        yield Problem(("visits",), "exactly one visit must say `baseline: true`.")
    yield from _baseline(study)


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
