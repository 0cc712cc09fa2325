"""What `monitoring` must hold beyond its types: that a metric exists, and that its thresholds can be met."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.study.model import Study
from pipelines.study.monitoring import PARAMETERS, Definition, SiteMetric, metric_catalogue, site_metrics
from pipelines.study.problem import Problem


def monitoring_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake under `monitoring`."""
    known = metric_catalogue()
    for name, own in study.monitoring.items():
        if name not in known:
            yield Problem(("monitoring", name), f"no such metric. Metrics: {', '.join(known)}.")
        else:
            yield from _parameters(study, known[name], own)
    for made in site_metrics(study):
        if made.metric in study.monitoring:
            yield from _thresholds(made)


def _parameters(study: Study, metric: Definition, own: SiteMetric) -> Iterator[Problem]:
    where = ("monitoring", metric.metric)
    for key in PARAMETERS:
        if getattr(own, key) is not None and key != metric.parameter_name:
            takes = f"it takes `{metric.parameter_name}`" if metric.parameter_name else "it takes no number"
            yield Problem((*where, key), f"this metric does not take it: {takes}. Remove it.")
    if own.tests and not metric.tests:
        yield Problem((*where, "tests"), "this metric is not about single tests. Remove it.")
    if own.tests and any(test.startswith("@") for test in metric.tests):
        for test in own.tests:
            if test not in study.instruments:
                known = ", ".join(study.instruments)
                yield Problem((*where, "tests"), f"'{test}' is not among the instruments: {known}.")


def _thresholds(made: Definition) -> Iterator[Problem]:
    where = ("monitoring", made.metric)
    if made.judged_by not in made.offers:
        yield Problem((*where, "judged_by"), f"this metric has none. Write one of {', '.join(made.offers)}.")
    elif made.judged_by in {"value", "numerator"} and made.direction == "both":
        yield Problem((*where, "direction"), f"a {made.judged_by} is judged on one side. Write high or low.")
    falling = made.judged_by == "p_value" or (made.judged_by in {"value", "numerator"} and made.direction == "low")
    if (made.red > made.amber) if falling else (made.red < made.amber):
        side = "at most" if falling else "at least"
        text = f"red is {made.red:g} and amber {made.amber:g}: red must be {side} amber, as it is the graver one."
        yield Problem((*where, "red"), text)
    if made.tolerated is not None and (made.judged_by, made.direction) != ("score", "high"):
        text = "a tolerated value is for a metric judged by its score on the high side. Remove it, or judge so."
        yield Problem((*where, "tolerated"), text)
    if made.judged_by == "score" and made.amber <= 0:
        yield Problem((*where, "amber"), "a score's threshold is above 0; `direction` says on which side it counts.")
