"""The instruments in words: how each total is made, what may be missing, and where the protocol says so."""

from __future__ import annotations

from pipelines.report.formats import plain
from pipelines.study import Study
from pipelines.study.catalogue import Instrument
from pipelines.study.instruments import InstrumentUse

_PRORATED = {
    "items": "prorated by the share of items answered",
    "points": "prorated by the share of points that could be reached",
    "none": "not counted",
}
_ANALYSED = {"items": "the items go before a collected total", "collected": "a collected total goes before the items"}


def scoring(study: Study) -> list[tuple[str, str, str]]:
    """Returns (parameter, value, section) for each instrument in use."""
    return [
        (f"Instrument {code}", "; ".join(_rules(study.scales[code], use)), use.section)
        for code, use in study.instruments.items()
    ]


def _rules(scale: Instrument, use: InstrumentUse) -> list[str]:
    low, high = scale.total_range
    rules = [f"{scale.param}: {scale.in_words}, {plain(low)} to {plain(high)}", _ANALYSED[use.analysed_total]]
    if reversed_items := [str(item.number) for item in scale.scored if item.reversed]:
        rules.append(f"reversed: item {', '.join(reversed_items)}")
    if scale.items_missing_allowed:
        rounded = "" if use.prorated_decimals is None else f", rounded to {use.prorated_decimals} decimals"
        missing = f"up to {scale.items_missing_allowed} of {len(scale.answers)} answers may be missing"
        rules.append(f"{missing}, {_PRORATED[scale.prorate]}{rounded}")
    else:
        rules.append("no answer may be missing")
    if scale.derived:
        rules.append("items not collected as its own are those of another instrument")
    return rules
