"""When things are asked: visits, the protocol's versions."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study
from pipelines.study.visits import Visit, visits_by_version

_VISIT = (
    "visit visitnum:double visit_label target_day:integer window_from_day:integer window_to_day:integer "
    "is_baseline:boolean may_be_baseline:boolean of_period:boolean"
)


def _row(study: Study, visit: Visit) -> tuple[object, ...]:
    may_be_baseline = study.baseline.visits is None or visit.visit in study.baseline.visits
    return (
        visit.visit, visit.visitnum, visit.label, visit.day, *(visit.window or (None, None)), visit.baseline,
        may_be_baseline, visit.of_period,
    )  # fmt: skip


def _visits(study: Study) -> ParameterTable:
    return table(f"{_VISIT} section", [(*_row(study, visit), visit.section) for visit in study.visits])


def _version_visits(study: Study) -> ParameterTable:
    # Every visit in every version: what was collected at one that a version does not plan has its name and number too.
    rows = []
    for version, planned in visits_by_version(study.visits, study.protocol).items():
        by_name = {visit.visit: visit for visit in planned}
        for visit in study.visits:
            unplanned = visit.model_copy(update={"day": None, "window": None})
            is_planned = visit.visit in by_name
            rows.append((version, *_row(study, by_name.get(visit.visit, unplanned)), is_planned))
    return table(f"version {_VISIT} is_planned:boolean", rows)


def _versions(study: Study) -> ParameterTable:
    protocol = study.protocol
    # Without a site: of every subject, whatever its site.
    rows: list[tuple[object, ...]] = [(protocol.version, 0, None, None)]
    rows += [
        (one.version, number, site, one.sites.get(site, one.in_force).isoformat())
        for number, one in enumerate(protocol.amendments, start=1)
        for site in study.sites
    ]
    return table("version version_number:integer siteid from_date:date", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "visits": _visits,
    "version_visits": _version_visits,
    "versions": _versions,
}
