"""Site monitoring: key risk indicators of the catalogue, and what a study says otherwise (ICH E6(R3) 3.11.4)."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from pipelines.study.catalogue import SEEDS
from pipelines.study.layout import Settings

if TYPE_CHECKING:
    from pipelines.study.model import Study

Judged = Literal["score", "value", "p_value", "numerator"]
Direction = Literal["high", "low", "both"]
PARAMETERS = ("days", "at_least", "simulations")


class SiteMetric(Settings):
    """What a study says of one metric otherwise than the catalogue; `active: false` leaves it out."""

    active: bool = True
    judged_by: Judged | None = None
    direction: Direction | None = None
    amber: float | None = None
    red: float | None = None
    tolerated: float | None = None
    min_n: Annotated[int, Field(ge=1)] | None = None
    days: Annotated[int, Field(ge=0)] | None = None
    at_least: Annotated[int, Field(ge=2)] | None = None
    simulations: Annotated[int, Field(ge=100, le=10_000)] | None = None
    tests: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    section: str = ""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One metric as it is measured and judged.

    `offers` are the numbers that a threshold may be compared with. `parameter` is the number that the metric needs,
    `parameter_name` its key in a study file. `tests` are the test codes whose values count. A site whose value is below
    `tolerated` is not conspicuous, whatever its score.
    """

    metric: str
    metric_version: str
    label: str
    definition: str
    method: str
    unit: str
    n_unit: str
    offers: tuple[str, ...]
    judged_by: str
    direction: str
    amber: float
    red: float
    tolerated: float | None
    min_n: int
    per: float
    parameter_name: str
    parameter: int | None
    tests: tuple[str, ...]
    section: str = ""


@cache
def metric_catalogue() -> dict[str, Definition]:
    """Returns the metrics of `dbt_project/seeds/site_metric_definitions.csv` by name."""
    with (SEEDS / "site_metric_definitions.csv").open(encoding="utf-8", newline="") as file:
        return {row["metric"]: _definition(row) for row in csv.DictReader(file)}


def _definition(row: dict[str, str]) -> Definition:
    words = ("metric", "metric_version", "label", "definition", "method", "unit", "n_unit", "judged_by", "direction")
    return Definition(
        **{name: row[name] for name in words},
        offers=tuple(row["offers"].split()),
        amber=float(row["threshold_amber"]),
        red=float(row["threshold_red"]),
        tolerated=float(row["tolerated"]) if row["tolerated"] else None,
        min_n=int(row["min_n"]),
        per=float(row["per"]),
        parameter_name=row["parameter_name"],
        parameter=int(row["parameter"]) if row["parameter"] else None,
        tests=tuple(row["tests"].split()),
    )


def site_metrics(study: Study) -> list[Definition]:
    """Returns the metrics that are active in a study, as it wants them; words name the numbers that are used."""
    found = [
        _of_study(study, one, study.monitoring.get(name, SiteMetric())) for name, one in metric_catalogue().items()
    ]
    return [one for one in found if study.monitoring.get(one.metric, SiteMetric()).active]


def _of_study(study: Study, default: Definition, own: SiteMetric) -> Definition:
    parameter = getattr(own, default.parameter_name) if default.parameter_name else None
    wanted: dict[str, Any] = {
        "judged_by": own.judged_by,
        "direction": own.direction,
        "amber": own.amber,
        "red": own.red,
        "tolerated": own.tolerated,
        "min_n": own.min_n,
        "parameter": parameter,
        "tests": own.tests,
    }
    made = replace(default, **{name: value for name, value in wanted.items() if value is not None}, section=own.section)
    if own.tolerated is None and (made.judged_by, made.direction) != ("score", "high"):
        made = replace(made, tolerated=None)
    tests = _named(study, made.tests)
    words = {"{parameter}": str(made.parameter), "{tests}": ", ".join(tests)}
    return replace(made, tests=tests, definition=_filled(made.definition, words), method=_filled(made.method, words))


def _named(study: Study, tests: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the test codes; the catalogue names those of any study by what they are there for."""
    roles = {
        "@instruments": tuple(study.instruments),
        "@endpoints": tuple(dict.fromkeys(one.instrument for one in study.endpoints)),
        "@primary": (study.endpoints[0].instrument,),
    }
    return tuple(dict.fromkeys(code for test in tests for code in roles.get(test, (test,))))


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
