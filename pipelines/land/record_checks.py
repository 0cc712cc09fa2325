"""What is wrong with a record by what its test code says: a score out of its range, a result in another unit."""

from __future__ import annotations

import numpy as np

from pipelines.land.coding import Flags
from pipelines.land.quarantine import Quarantine
from pipelines.land.records import Records
from pipelines.land.rows import Rows
from pipelines.study import Study


def check_records(study: Study, rows: Rows, records: Records, quarantine: Quarantine) -> None:
    """Sets aside rows whose records are wrong."""
    name = records.domain.name
    if name == "qs":
        _check_ranges(study, rows, records, quarantine)
    if name == "lb" and study.biomarkers:
        units: dict[str | None, set[str | None]] = {
            code: {marker.unit, *marker.conversions} for code, marker in study.biomarkers.items()
        }
        _set_units_aside(_strange_units(records, units), rows, records, quarantine)
    if name == "vs" and study.vital_signs:
        # A measurement without a unit is in the study's; one that the study file does not name may have any.
        given = {unit for unit in records.values("vsstresu").to_pylist() if unit is not None}
        units = {test: {None, *given} for test in records.values("vstestcd").to_pylist()}
        units |= {code: {None, sign.unit} for code, sign in study.vital_signs.items()}
        _set_units_aside(_strange_units(records, units), rows, records, quarantine)


def _check_ranges(study: Study, rows: Rows, records: Records, quarantine: Quarantine) -> None:
    ranges: dict[str | None, tuple[float, float]] = {}
    for code in study.instruments:
        ranges.update(study.scales[code].ranges.items())
    limits = [ranges.get(test, (-np.inf, np.inf)) for test in records.values("qstestcd").to_pylist()]
    lowest, highest = np.array(limits, float).reshape(-1, 2).T
    results = records.values("qsstresn").to_numpy(zero_copy_only=False)
    for selected in records.selections(quarantine.good):
        test, result = records.codes("qstestcd", selected), results[records.codes("qsstresn", selected)]
        # What is not there is NaN, and no comparison holds.
        wrong = (result < lowest[test]) | (result > highest[test])
        quarantine.set_aside(selected.rows[wrong], rows.named("qs", "qsstresn"), "Q_RANGE")


def _strange_units(records: Records, known: dict[str | None, set[str | None]]) -> Flags:
    """Returns for each pair of a test and a unit whether they do not belong together."""
    name = records.domain.name
    tests, units = (records.values(f"{name}{part}").to_pylist() for part in ("testcd", "stresu"))
    return np.array([unit not in known.get(test, set()) for test in tests for unit in units], bool)


def _set_units_aside(strange: Flags, rows: Rows, records: Records, quarantine: Quarantine) -> None:
    name = records.domain.name
    given = records.values(f"{name}stresn").is_valid().to_numpy(zero_copy_only=False)
    units = len(records.values(f"{name}stresu"))
    for selected in records.selections(quarantine.good):
        test, unit, result = (records.codes(f"{name}{part}", selected) for part in ("testcd", "stresu", "stresn"))
        wrong = strange[test.astype(np.int64) * units + unit] & given[result]
        quarantine.set_aside(selected.rows[wrong], rows.named(name, f"{name}stresu"), "Q_UNIT")
