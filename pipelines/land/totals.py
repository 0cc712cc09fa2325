"""Totals: whether a collected total is what the items beside it add up to (W_SUM). Nothing is set aside or put right.

The rows land as they are, and the gate's check CUR-ADQS-006 names each to its site; here they are only counted.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce

import numpy as np

from pipelines.land.coding import Coded, Flags, Numbers
from pipelines.land.records import Records
from pipelines.land.rows import Rows
from pipelines.study import Study
from pipelines.study.catalogue import Instrument, Item

_ASSESSMENT = ["usubjid", "visit", "qsdtc", "qstpt", "period", "arm"]


def wrong_totals(study: Study, rows: Rows, records: Records, good: Flags) -> int:
    """Returns how many assessments of the records of `qs` were answered in full and have another total than that."""
    instruments = [study.scales[code] for code in study.instruments]
    if rows.of_target("qs", "qstestcd"):
        return sum(_one_below_another(records, one, good) for one in instruments)
    wrong = np.zeros(rows.count, bool)
    for one in instruments:
        _flag_side_by_side(one, rows, wrong)
    return int(np.count_nonzero(wrong & good))


def _flag_side_by_side(instrument: Instrument, rows: Rows, wrong: Flags) -> None:
    """Flags the rows in which a total is not the sum, for each visit and time point that the columns name."""
    places: dict[tuple[str | None, str | None, int | None], dict[str, Coded]] = {}
    for one in rows.checked:
        if one.rule.target and one.rule.target.test in instrument.ranges:
            place = (one.rule.column.visit, one.rule.column.timepoint, one.rule.column.period)
            places.setdefault(place, {})[one.rule.target.test] = one.value
    for found in places.values():
        points = {
            item: item.addend + item.factor * _numbers(found[code])
            for code, item in instrument.item_of.items()
            if item.scored and code in found
        }
        if instrument.total_testcd in found and all(
            not points.keys().isdisjoint(one) for one in instrument.answers.values()
        ):
            difference = _total(instrument, points) - _numbers(found[instrument.total_testcd])
            # Where one is not there the difference is NaN.
            wrong |= np.abs(difference) > 0


def _total(instrument: Instrument, points: dict[Item, Numbers]) -> Numbers:
    """Returns the total of each row from the points of its items; NaN where an answer is not there."""
    components = defaultdict[str, list[Numbers]](list)
    for item, found in points.items():
        components[item.component].append(found)
    total: Numbers = np.sum([reduce(np.fmax, found) for found in components.values()], axis=0)
    for items in instrument.answers.values():
        answered = reduce(np.fmax, [points[item] for item in items if item in points])
        total = np.where(np.isnan(answered), np.nan, total)
    return total


def _numbers(column: Coded) -> Numbers:
    numbers: Numbers = column.values.to_numpy(zero_copy_only=False).astype(float)[column.codes]
    return numbers


def _one_below_another(records: Records, instrument: Instrument, good: Flags) -> int:
    tests = records.values("qstestcd").to_pylist()
    totals = {instrument.total_testcd, *instrument.total_codes}
    if totals.isdisjoint(tests):
        return 0
    found = list(records.selections(good))
    keys = np.unique(records.keys(_ASSESSMENT, found), return_inverse=True)[1]
    test = np.concatenate([records.codes("qstestcd", selected) for selected in found])
    results = records.values("qsstresn").to_numpy(zero_copy_only=False)
    result = np.concatenate([results[records.codes("qsstresn", selected)] for selected in found])
    given = ~np.isnan(result)
    count = int(keys.max()) + 1 if len(keys) else 0

    def highest(of: list[bool], values: Numbers) -> Numbers:
        rows = np.array(of, bool)[test] & given
        highest_of_key = np.full(count, -np.inf)
        np.maximum.at(highest_of_key, keys[rows], values[rows])
        return highest_of_key

    items = [item if item and item.scored else None for item in map(instrument.item_of.get, tests)]
    points = (
        np.array([item.addend if item else 0 for item in items])[test]
        + result * (np.array([item.factor if item else 0 for item in items])[test])
    )
    total = highest([one in totals for one in tests], result)
    # Items that count alone, which are most, are added up at once.
    alone = np.array([item is not None and not (item.highest_of or item.one_of) for item in items], bool)[test] & given
    sums = np.bincount(keys[alone], points[alone], count)
    answered = np.bincount(keys[alone], minlength=count)
    for name in {item.component for item in instrument.scored if item.highest_of or item.one_of}:
        score = highest([item is not None and item.component == name for item in items], points)
        sums += np.where(np.isfinite(score), score, 0)
    for asked in instrument.answers.values():
        if any(item.highest_of or item.one_of for item in asked):
            answered += np.isfinite(highest([item in asked for item in items], points))
    whole = (answered == len(instrument.answers)) & np.isfinite(total)
    return int(np.count_nonzero(whole & (sums != total)))
