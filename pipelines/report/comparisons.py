"""Arms compared: risk difference, number needed to treat, stratified odds ratio, adjusted change, hazard ratio.

Rule    only two independent arms are compared, and never in a blinded cut; else the section says why there is no test
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pipelines.report import comparing
from pipelines.report.comparing import Effect, Outcome
from pipelines.report.content import Record, Section, Table
from pipelines.report.estimates import difference, proportion
from pipelines.report.formats import count, interval, number, p_value
from pipelines.report.tables import CutData, Group

if TYPE_CHECKING:
    from pipelines.study.endpoints import Endpoint


def why_none(data: CutData, what: str = "No comparison", method: str = "these methods need") -> str | None:
    """Returns why arms are not compared (`what` there is none of, as the `method` asks for), or None where they are."""
    if data.blinded:
        return f"{what}: the cut is blinded."
    if data.crossover:
        return f"{what}: the same subjects are in each arm, and {method} independent groups."
    if len(data.groups) != 2:
        return f"{what}: it is made for two arms only."
    return None


def pair(data: CutData) -> tuple[Group, Group]:
    """Returns the two arms, the experimental one first where the study file tells them apart."""
    one, other = data.groups
    roles = {code: arm.role for code, arm in data.study.arms.items()}
    return (other, one) if roles[one.code] == "control" and roles[other.code] == "experimental" else (one, other)


def records(data: CutData, visit: str | None) -> list[Record]:
    """Returns every comparison at the visit that the protocol asks about, and of each durability parameter."""
    if why_none(data) or visit is None:
        return []
    made: list[Record] = []
    for endpoint in data.study.endpoints:
        for measure in ("response", "remission"):
            made += _proportions(data, measure, endpoint, visit)
    for paramcd in dict.fromkeys(endpoint.instrument for endpoint in data.study.endpoints):
        made += _change(data, paramcd, visit)
    for parameter in data.study.durability:
        made += _durability(data, parameter.paramcd)
    return made


def _proportions(data: CutData, measure: str, endpoint: Endpoint, visit: str) -> list[Record]:
    at = endpoint.visit or visit
    keys = [endpoint.name, data.study.estimands[0].name, data.study.missing_rules[0].name, at]
    rows = data.rows(
        f"select siteid, trta, count(*) filter (where crit1fl = 'Y') as events, count(crit1fl) as total from {measure}"
        " where endpoint = ? and estimand = ? and missing_rule = ? and avisit = ? group by all order by all",
        keys,
    )
    counts = {
        (row["siteid"], data.group_of(row["trta"])): Outcome(events=row["events"], total=row["total"]) for row in rows
    }
    none = Outcome(events=0, total=0)
    arms = [group.code for group in pair(data)]
    strata = [
        (counts.get((site, arms[0]), none), counts.get((site, arms[1]), none))
        for site in sorted({row["siteid"] or "" for row in rows})
    ]
    one, other = (
        proportion(sum(stratum[arm].events for stratum in strata), sum(stratum[arm].total for stratum in strata))
        for arm in (0, 1)
    )
    what: dict[str, str | None] = {"what": f"{measure}, endpoint {endpoint.name.replace('_', ' ')}", "avisit": at}
    made = []
    if found := difference(one, other):
        n = one.total + other.total
        of_risk = Effect(name="difference", estimate=found.difference, low=found.low, high=found.high, p=None, n=n)
        made.append(_record(of_risk, "Risk difference, percentage points", "Newcombe (1998), method 10", **what))
        treat, low, high = comparing.number_needed_to_treat(found)
        made.append(
            {
                **what, "effect": "Number needed to treat", "method": "1 / risk difference (Altman 1998)",
                "estimate": treat, "low": low, "high": high, "p": None, "n": n,
            }
        )  # fmt: skip
    if common := comparing.mantel_haenszel(strata):
        method = "Cochran-Mantel-Haenszel by site, no continuity correction"
        made.append(_record(common, "Common odds ratio", method, **what))
    return made


def _change(data: CutData, paramcd: str, visit: str) -> list[Record]:
    arms = [group.code for group in pair(data)]
    rows = [
        row
        for row in data.rows(
            "select adqs.usubjid, coalesce(adsl.siteid, '') as siteid, adqs.trta, adqs.base, adqs.chg from adqs"
            " inner join adsl on adqs.usubjid = adsl.usubjid and adsl.analysfl = 'Y'"
            " where adqs.paramcd = ? and adqs.avisit = ? and adqs.anl01fl = 'Y' and adqs.chg is not null order by all",
            [paramcd, visit],
        )
        if data.group_of(row["trta"]) in arms
    ]
    found = comparing.ancova(
        [row["chg"] for row in rows],
        [data.group_of(row["trta"]) == arms[0] for row in rows],
        [row["base"] for row in rows],
        [row["siteid"] for row in rows],
    )
    method = "Analysis of covariance: arm, baseline, site; ordinary least squares, observed values"
    return (
        [_record(found, "Difference of adjusted mean change, points", method, what=f"{paramcd} change", avisit=visit)]
        if found
        else []
    )


def _durability(data: CutData, paramcd: str) -> list[Record]:
    arms = [group.code for group in pair(data)]
    rows = [
        row
        for row in data.rows(
            "select usubjid, trta, aval, cnsr from durability where paramcd = ? and aval is not null order by all",
            [paramcd],
        )
        if data.group_of(row["trta"]) in arms
    ]
    treated = [data.group_of(row["trta"]) == arms[0] for row in rows]
    times, censored = [row["aval"] for row in rows], [row["cnsr"] == 1 for row in rows]
    ends = [
        max((time for time, arm in zip(times, treated, strict=True) if arm is one), default=0.0)
        for one in (True, False)
    ]
    what = {"what": paramcd, "avisit": None}
    found = [
        (comparing.hazard_ratio(times, censored, treated), "Hazard ratio", "Cox model, ties by Efron, Wald interval"),
        (
            comparing.restricted_mean_difference(times, censored, treated, min(ends)),
            f"Difference of mean event-free days to day {min(ends):g}",
            "Restricted mean survival time, areas under Kaplan-Meier curves",
        ),
    ]
    return [_record(effect, name, method, **what) for effect, name, method in found if effect]


def _record(found: Effect, name: str, method: str, **what: str | None) -> Record:
    return {
        **what,
        "effect": name,
        "method": method,
        **{key: value for key, value in asdict(found).items() if key != "name"},
    }


def section(data: CutData, made: list[Record]) -> Section:
    """Returns the section; without comparisons it says why."""
    reason = why_none(data)
    names = "" if reason else " against ".join(group.label for group in pair(data))
    table = Table(
        caption=f"{names}: effects with 95 % intervals" if names else "Effects",
        columns=("Of", "Effect", "Estimate", "95 % interval", "p", "n", "Method"),
        rows=tuple(
            (
                _of(data, row), row["effect"], number(row["estimate"], 2), _limits(row), p_value(row["p"]),
                count(row["n"]), row["method"],
            )
            for row in made
        ),
        heads=2,
        grouped=True,
        words=frozenset({6}),
    )  # fmt: skip
    return Section(
        anchor="comparisons",
        title="Arms compared",
        sentence="How far the arms lie apart, with an interval and a method for each figure.",
        help=(
            (
                "Each row is of the first estimand and missing-data rule of the study file, at the visit named."
                " p-values are two-sided and not corrected for their number."
            ),
            (
                "Number needed to treat: where the difference may be 0 its interval goes over infinity, and no limits"
                " are given. Durability compares those who reached the start, a group chosen after randomisation."
            ),
        ),
        tables=(table,) if made else (),
        notes=(reason,) if reason else () if made else ("No comparison: too few subjects.",),
        sources=("response", "remission", "adqs", "durability"),
    )


def _of(data: CutData, row: Record) -> str:
    what = str(row["what"])
    named = f"{what[:1].upper()}{what[1:]}"
    return f"{named}, {data.visit_label(row['avisit'])}" if row["avisit"] else named


def _limits(row: Record) -> str:
    return interval(row["low"], row["high"], 2)
