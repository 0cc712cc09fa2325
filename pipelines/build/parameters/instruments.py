"""The instruments as the study has them: which total counts, what each test code is, how items make a total."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study
from pipelines.study.catalogue import Instrument, Item


def _instruments(study: Study) -> ParameterTable:
    return table("paramcd analysed_total", [(code, use.analysed_total) for code, use in study.instruments.items()])


def _instrument_visits(study: Study) -> ParameterTable:
    every = tuple(visit.visit for visit in study.visits)
    rows = [(code, visit) for code, use in study.instruments.items() for visit in (use.visits or every)]
    return table("paramcd visit", rows)


def _instrument_rules(study: Study) -> ParameterTable:
    columns = (
        "paramcd param scoring items_expected:integer components_expected:integer points_possible:decimal(18,4) "
        "total_min:double total_max:double items_missing_allowed:integer prorate prorated_decimals:integer section"
    )
    rows = []
    for code, scale in study.scales.items():
        use = study.instruments.get(code)
        components = {item.component for item in scale.scored}
        rows.append(
            (
                code, scale.param, scale.in_words, len(scale.answers), len(components),
                sum(item.points[1] for item in scale.scored),
                *scale.total_range, scale.items_missing_allowed, scale.prorate,
                use.prorated_decimals if use else None, use.section if use else "",
            )
        )  # fmt: skip
    return table(columns, rows)


def _instrument_codes(study: Study) -> ParameterTable:
    columns = (
        "qstestcd paramcd item_testcd label item:integer item_min:double item_max:double is_total:boolean "
        "is_scored:boolean is_derived:boolean is_whole:boolean is_yes_no:boolean factor:decimal(18,4) "
        "addend:decimal(18,4) points_possible:decimal(18,4) code_bit:bigint answer_bit:bigint component_bit:bigint "
        "highest_group:integer"
    )
    rows = [row for scale in study.scales.values() for row in _codes(study, scale)]
    return table(columns, rows)


def _codes(study: Study, scale: Instrument) -> Iterator[tuple[Any, ...]]:
    groups = list(dict.fromkeys(item.highest_of for item in scale.items if item.highest_of))
    answers = {item: position for position, items in enumerate(scale.answers.values(), 1) for item in items}
    components = {name: number for number, name in enumerate(dict.fromkeys(item.component for item in scale.scored), 1)}
    total_min, total_max = scale.total_range
    for code in (scale.total_testcd, *scale.total_codes):
        yield (
            code, scale.paramcd, scale.total_testcd, "total as collected", 0, total_min, total_max,
            True, False, False, False, False, 1, 0, None, 1, None, None, None,
        )  # fmt: skip
    for position, item in enumerate(scale.items, 1):
        for code, is_derived in _names(study, scale, item):
            yield (
                code, scale.paramcd, scale.item_testcd(item.number), item.label, item.number, *item.range,
                False, item.scored, is_derived, item.whole, item.range == (0, 1),
                item.factor, item.addend, item.points[1], 1 << position,
                # An answer, and a part of the total, has a bit: they are counted without sorting an assessment's rows.
                1 << answers[item] if item.scored else None,
                1 << components[item.component] if item.scored else None,
                groups.index(item.highest_of) + 1 if item.highest_of else None,
            )  # fmt: skip


def _names(study: Study, scale: Instrument, item: Item) -> Iterator[tuple[str, bool]]:
    """Yields the test codes that are this item, each with whether it is another instrument's."""
    for code in (scale.item_testcd(item.number), *item.test_codes):
        yield code, False
    if scale.derived and item.same_as:
        other, _, number = item.same_as.partition(".")
        origin = study.scales[other]
        for code, one in origin.item_of.items():
            if one.number == int(number):
                yield code, True


def _instrument_categories(study: Study) -> ParameterTable:
    rows = [(name, code) for code, scale in study.scales.items() for name in dict.fromkeys((code, *scale.categories))]
    return table("qscat paramcd", rows)


def _instrument_bands(study: Study) -> ParameterTable:
    rows = []
    for code, scale in study.scales.items():
        bands = sorted((low, name) for name, (low, _) in scale.bands.items())
        # A prorated total between two bands is of the lower one.
        for (low, name), (above, _) in pairwise([*bands, (None, "")]):
            rows.append((code, name, low, above))
    return table("paramcd band band_from:double band_below:double", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "instruments": _instruments,
    "instrument_visits": _instrument_visits,
    "instrument_rules": _instrument_rules,
    "instrument_codes": _instrument_codes,
    "instrument_categories": _instrument_categories,
    "instrument_bands": _instrument_bands,
}
