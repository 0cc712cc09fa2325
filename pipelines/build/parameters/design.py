"""How the study is built: settings, arms, sites, population, visits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study
from pipelines.study.checks import parse_population
from pipelines.study.visits import visits_by_version

if TYPE_CHECKING:
    from pipelines.cut import CutInputs

# What stands for every arm in a blinded cut.
BLINDED = "BLINDED"


def settings(study: Study, inputs: CutInputs) -> ParameterTable:
    """Returns the one row of what holds for the whole study and cut."""
    columns = (
        "studyid title design blinding blinded:boolean signoff data_cutoff:date baseline_rule baseline_of "
        "baseline_any_visit:boolean baseline_lead_in_days:integer first_version version_by "
        "day_one day_one_second day_one_third tie "
        "integration_from_days:integer integration_to_days:integer maintenance_after_day:integer "
        "infusion_minutes:double emergent_rule emergent_until_days:integer"
    )
    signoff = study.signoff if isinstance(study.signoff, str) else ",".join(study.signoff)
    row = [
        study.study, study.title, study.design, study.blinding, inputs.document["blinded"], signoff,
        inputs.document["data_cutoff"], study.baseline.rule, study.baseline.of, study.baseline.visits is None,
        _lead_in_days(study), study.protocol.version, study.protocol.version_by, *_day_one(study), study.tie,
        *study.therapy.integration_window_days,
        study.exposure.maintenance_after_day, study.exposure.infusion_minutes,
        study.safety.treatment_emergent.rule, study.safety.treatment_emergent.until_days_after_last_dose,
    ]  # fmt: skip
    return table(columns, [row])


def _day_one(study: Study) -> tuple[str | None, ...]:
    """Returns the dates of which the first that is known is study day 1, at most three."""
    named = (*dict.fromkeys(study.day_one.first_of), None, None)
    return named[:3]


def _lead_in_days(study: Study) -> int:
    """Returns on how many days before a period's dose its own baseline may be taken."""
    if study.baseline.of == "study":
        return 0
    planned = visits_by_version(study.visits, study.protocol).values()
    windows = [visit.window for visits in planned for visit in visits if visit.baseline and visit.window]
    return max((-window[0] for window in windows), default=0)


def arms(study: Study, inputs: CutInputs) -> ParameterTable:
    """Returns the arms; in a blinded cut the one that stands for all."""
    columns = "arm arm_label arm_role"
    if inputs.document["blinded"]:
        return table(columns, [(BLINDED, "Blinded treatment", "blinded")])
    return table(columns, [(code, arm.label, arm.role) for code, arm in study.arms.items()])


def planned_doses(study: Study, inputs: CutInputs) -> ParameterTable:
    """Returns what each arm is given at a dose; nothing in a blinded cut, as it names arms."""
    columns = "arm planned_dose:double planned_unit tolerance_pct:double"
    if inputs.document["blinded"]:
        return table(columns, [])
    rows = [
        (arm, one.mg if one.mg_per_kg is None else one.mg_per_kg, "mg" if one.mg_per_kg is None else "mg/kg",
         one.tolerance_pct)
        for arm, one in study.exposure.planned.items()
    ]  # fmt: skip
    return table(columns, rows)


def _sites(study: Study) -> ParameterTable:
    rows = [(code, site.name, site.country or None, site.kind) for code, site in study.sites.items()]
    return table("siteid site_name country kind", rows)


def _population(study: Study) -> ParameterTable:
    return table("variable operator value", parse_population(study.population.analysed) or [])


def _sections(study: Study) -> ParameterTable:
    return table("rule section", list(study.sections.items()))


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "sites": _sites,
    "population": _population,
    "sections": _sections,
}
