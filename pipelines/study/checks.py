"""What a study file must hold beyond its types: that names refer to something, and numbers make sense together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.study.date_checks import date_problems
from pipelines.study.durability_checks import durability_problems
from pipelines.study.endpoints import Endpoint
from pipelines.study.instrument_checks import instrument_problems
from pipelines.study.layout_checks import layout_problems
from pipelines.study.measure_checks import measure_problems
from pipelines.study.model import Study
from pipelines.study.monitoring_checks import monitoring_problems
from pipelines.study.onset_checks import onset_problems
from pipelines.study.problem import Problem
from pipelines.study.signoff_checks import signoff_problems
from pipelines.study.visit_checks import visit_problems

# What a population may be told by: recorded in dm, or derived for ADSL before the population is.
POPULATION_VARIABLES = (
    *("sex", "race", "ethnic", "country", "dx", "stratum", "siteid"),
    *("eosstt", "enrlfl", "randfl", "saffl"),
)
# A supplemental qualifier of dm is told by its name, in small letters: `suppdm.efficacy`.
CONDITION = re.compile(r"\s*((?:suppdm\.)?[a-z][a-z0-9_]*)\s*(=|!=)\s*'([^']*)'\s*")


def problems(study: Study) -> list[Problem]:
    """Returns every mistake of the study that its types do not show."""
    return [
        *signoff_problems(study),
        *_sites(study),
        *visit_problems(study),
        *date_problems(study),
        *instrument_problems(study),
        *_endpoints(study),
        *onset_problems(study),
        *durability_problems(study),
        *measure_problems(study),
        *_population(study),
        *_pseudonyms(study),
        *monitoring_problems(study),
        *(found for name, files in study.layouts.items() for found in layout_problems(study, name, files)),
    ]


def parse_population(text: str) -> list[tuple[str, str, str]] | None:
    """Returns the conditions as (variable, operator, value), or None where `text` is none."""
    found: list[tuple[str, str, str]] = []
    for part in text.split(" and "):
        match = CONDITION.fullmatch(part)
        if match is None:
            return None
        found.append((match.group(1), match.group(2), match.group(3)))
    return found


def _pseudonyms(study: Study) -> Iterator[Problem]:
    if study.pseudonyms == "none":
        return
    for name, files in study.layouts.items():
        for number, export in enumerate(files):
            for key, column in export.columns.items():
                is_key = column.column_class == "pseudonym" or column.to in {"subject", "usubjid", "dm.subjid"}
                if is_key and column.type != "text":
                    location = ("layouts", name, number, "columns", key, "type")
                    yield Problem(location, "a pseudonym takes the place of text. Leave `type` out, or write text.")


def _sites(study: Study) -> Iterator[Problem]:
    for key, site in study.sites.items():
        if site.layout not in study.layouts:
            yield Problem(("sites", key, "layout"), f"no such layout. Layouts: {', '.join(study.layouts)}.")


def _endpoints(study: Study) -> Iterator[Problem]:
    visits = {visit.visit for visit in study.visits}
    names = [endpoint.name for endpoint in study.endpoints]
    for index, endpoint in enumerate(study.endpoints):
        where = ("endpoints", index)
        if endpoint.instrument not in study.instruments:
            yield Problem((*where, "instrument"), f"not among the instruments: {', '.join(study.instruments)}.")
        if endpoint.visit is not None and endpoint.visit not in visits:
            yield Problem((*where, "visit"), f"no visit '{endpoint.visit}'. Visits: {', '.join(sorted(visits))}.")
        if names.index(endpoint.name) != index:
            yield Problem((*where, "name"), "two endpoints have this name. Give each its own.")
        instrument = study.scales.get(endpoint.instrument)
        if instrument and not instrument.total_range[0] <= endpoint.remission.max_score <= instrument.total_range[1]:
            yield Problem((*where, "remission", "max_score"), f"outside the total's range {instrument.total_range}.")
        yield from _further(study, endpoint, where)
    rules = [rule.name for rule in study.missing_rules]
    for index, name in enumerate(rules):
        if rules.index(name) != index:
            yield Problem(("missing_rules", index, "name"), "two rules have this name. Give each its own.")


def _further(study: Study, endpoint: Endpoint, where: tuple[str | int, ...]) -> Iterator[Problem]:
    for number, one in enumerate(endpoint.response.also):
        place = (*where, "response", "also", number)
        if one.instrument == endpoint.instrument:
            yield Problem((*place, "instrument"), "is the endpoint's own. Write max_score beside min_reduction_pct.")
        elif one.instrument not in study.instruments:
            listed = ", ".join(study.instruments)
            yield Problem((*place, "instrument"), f"not among the instruments: {listed}.")
        low, high = study.scales[one.instrument].total_range if one.instrument in study.scales else (None, None)
        for key, limit in (("min_score", one.min_score), ("max_score", one.max_score)):
            if limit is not None and low is not None and high is not None and not low <= limit <= high:
                yield Problem((*place, key), f"outside the total's range {(low, high)}.")


def _population(study: Study) -> Iterator[Problem]:
    where = ("population", "analysed")
    conditions = parse_population(study.population.analysed)
    if conditions is None:
        yield Problem(where, "write conditions like \"dx = 'MDD' and randfl = 'Y'\".")
    for variable, _, _ in conditions or ():
        if variable.startswith("suppdm."):
            exports = [one for files in study.layouts.values() for one in files if "suppqual" in one.domains]
            if not exports:
                yield Problem(where, f"'{variable}' is in no file: no layout has the data set suppdm.")
            elif any(("suppqual", "qval") in one.withheld for one in exports):
                yield Problem(where, f"'{variable}' is withheld. Write `releasable: [qval]` where suppdm is delivered.")
        elif variable not in POPULATION_VARIABLES:
            known = ", ".join(POPULATION_VARIABLES)
            yield Problem(where, f"no variable '{variable}'. A population is told by {known}, suppdm.<qualifier>.")
