"""Totals: whether a collected total is the sum of the items beside it (W_SUM). Nothing is set aside or put right.

The rows land as they are, and the gate's check CUR-ADQS-006 names each to its site; here they are only counted.
"""

from __future__ import annotations

import numpy as np

from pipelines.land.coding import Coded, Flags, Numbers
from pipelines.land.records import Records
from pipelines.land.rows import Rows
from pipelines.study import Study
from pipelines.study.catalogue import Instrument, catalogue

_ASSESSMENT = ["usubjid", "visit", "qsdtc", "qstpt", "period", "arm"]


def wrong_totals(study: Study, rows: Rows, records: Records, good: Flags) -> int:
    """Returns how many assessments of the records of `qs` have all items and a total that is not their sum."""
    instruments = [catalogue()[code] for code in study.instruments]
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
        if found.keys() == instrument.ranges.keys():
            total = _numbers(found[instrument.total_testcd])
            difference = sum((_numbers(found[item]) for item in instrument.item_ranges), -total)
            # Where one is not there the difference is NaN.
            wrong |= np.abs(difference) > 0


def _numbers(column: Coded) -> Numbers:
    numbers: Numbers = column.values.to_numpy(zero_copy_only=False).astype(float)[column.codes]
    return numbers


def _one_below_another(records: Records, instrument: Instrument, good: Flags) -> int:
    tests = records.values("qstestcd").to_pylist()
    if instrument.total_testcd not in tests:
        return 0
    found = list(records.selections(good))
    keys = np.unique(records.keys(_ASSESSMENT, found), return_inverse=True)[1]
    test = np.concatenate([records.codes("qstestcd", selected) for selected in found])
    results = records.values("qsstresn").to_numpy(zero_copy_only=False)
    result = np.concatenate([results[records.codes("qsstresn", selected)] for selected in found])
    is_item = np.array([one in instrument.item_ranges for one in tests], bool)[test] & ~np.isnan(result)
    is_total = np.array([one == instrument.total_testcd for one in tests], bool)[test] & ~np.isnan(result)
    count = int(keys.max()) + 1 if len(keys) else 0
    totals = np.full(count, -np.inf)
    np.maximum.at(totals, keys[is_total], result[is_total])
    sums = np.bincount(keys[is_item], result[is_item], count)
    answered = np.bincount(keys[is_item], minlength=count)
    whole = (answered == len(instrument.item_ranges)) & np.isfinite(totals)
    return int(np.count_nonzero(whole & (sums != totals)))
