"""What the report says of time: baseline, ties, partial dates, each with the value used and its section."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.study.dates import PartialDate
    from pipelines.study.model import Study

_BASELINES = {
    "visit": "the planned visit marked as baseline",
    "last_before_first_dose": "the last non-missing value on or before the first dose",
}


def timing_parameters(study: Study) -> list[tuple[str, str, str]]:
    """Returns (parameter, value, section) for what the protocol says of time."""
    return [
        ("Baseline", _BASELINES[study.baseline], ""),
        ("Two assessments equally near a visit", f"the {study.tie} one", ""),
        *_partial_dates(study),
    ]


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
