"""What the report says of time: baseline, day 1, versions, partial dates, each with the value used and its section."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.study.dates import PartialDate
    from pipelines.study.model import Study

_BASELINES = {
    "visit": "the planned visit marked as baseline",
    "last_before_first_dose": "the last non-missing value on or before the first dose",
    "mean_before_first_dose": "the mean of the values on or before the first dose",
}


def timing_parameters(study: Study) -> list[tuple[str, str, str]]:
    """Returns (parameter, value, section) for what the protocol says of time."""
    return [
        ("Baseline", _baseline(study), study.baseline.section),
        ("Two assessments equally near a visit", f"the {study.tie} one", ""),
        *_day_one(study),
        *_versions(study),
        *_partial_dates(study),
    ]


def _baseline(study: Study) -> str:
    rule = study.baseline
    visits = f", of the visits {', '.join(rule.visits)}" if rule.visits else ""
    return f"{_BASELINES[rule.rule]}{visits}{', in each period its own' if rule.of == 'period' else ''}"


_MILESTONES = {"first_dose": "the first dose", "randomisation": "randomisation", "consent": "consent"}


def _day_one(study: Study) -> list[tuple[str, str, str]]:
    dates = ", else ".join(_MILESTONES[name] for name in study.day_one.first_of)
    return [("Study day 1", dates, study.day_one.section)]


def _versions(study: Study) -> list[tuple[str, str, str]]:
    protocol = study.protocol
    rows = []
    for one in protocol.amendments:
        where = "".join(f", at {site} from {day.isoformat()}" for site, day in one.sites.items())
        changed = [
            f"{visit.visit} {f'day {visit.day}' if visit.day is not None else 'without a day'}"
            + (f", window {visit.window[0]} to {visit.window[1]}" if visit.window else "")
            for visit in one.visits
        ]
        added = [f"{visit.visit} added" for visit in study.visits if visit.since == one.version]
        dropped = [f"{name} dropped" for name in one.dropped]
        told = f"of subjects from {one.in_force.isoformat()} on by {_MILESTONES[protocol.version_by]}{where}"
        words = "; ".join([told, *changed, *added, *dropped])
        rows.append((f"Protocol version {one.version}", words, one.section or protocol.section))
    return rows


def _partial_dates(study: Study) -> list[tuple[str, str, str]]:
    rows = []
    for kind in type(study.partial_dates).model_fields:
        rule: PartialDate = getattr(study.partial_dates, kind)
        if rule.impute != "none":
            bounds = "".join(
                f", not {side} {bound.replace('_', ' ')}"
                for side, bound in (("before", rule.not_before), ("after", rule.not_after))
                if bound
            )
            words = f"{rule.impute} day that it can be, up to an unknown {rule.highest}{bounds}"
            rows.append((f"Partial date, {kind.replace('_', ' ')}", words, rule.section))
    return rows
