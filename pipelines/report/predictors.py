"""What goes with response: one logistic model on severity at baseline, psychotherapy and biomarkers, as a forest plot.

Rule    a factor is what was known at the visit: minutes of sessions up to it, markers of the last sample up to it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pipelines.report import comparing, comparisons, figures
from pipelines.report.comparing import Effect
from pipelines.report.content import Figure, Record, Section, Table
from pipelines.report.estimates import mean
from pipelines.report.formats import count, interval, number, p_value
from pipelines.report.response import criterion
from pipelines.report.tables import CutData

_METHOD = "Logistic regression, maximum likelihood, Wald intervals (statsmodels); subjects with every factor known"


def records(data: CutData, visit: str | None) -> list[Record]:
    """Returns one record a factor of the model of response at `visit`; none where it cannot be fitted.

    Factors that are measured count by their standard deviation, `unit` says how much that is.
    """
    if visit is None or data.crossover:
        return []
    rows = _subjects(data, visit)
    names = _factors(data)
    known = [row for row in rows if all(row[name] is not None for name in names)]
    scaled: dict[str, Sequence[float]] = {}
    units: dict[str, str] = {}
    for name, unit in names.items():
        spread = mean(row[name] for row in known)
        if spread.mean is None or not spread.sd:
            continue
        scaled[name] = [(row[name] - spread.mean) / spread.sd for row in known]
        units[name] = f"{number(spread.sd, 2)} {unit}"
    if not comparisons.why_none(data):
        one, other = comparisons.pair(data)
        arm = f"{one.short} against {other.short}"
        scaled = {arm: [float(data.group_of(row["trta"]) == one.code) for row in known], **scaled}
        units[arm] = ""
    found = comparing.logistic([row["reached"] for row in known], scaled) if known else ()
    return [{**asdict(effect), "unit": units[effect.name], "avisit": visit} for effect in found]


def _factors(data: CutData) -> dict[str, str]:
    """Returns the measured factors with their units, in the order of the table."""
    endpoint = data.study.endpoints[0]
    factors = {f"{endpoint.instrument} at baseline": "points"}
    if "pr" in data.study.delivered_domains:
        factors["Psychotherapy up to the visit"] = "minutes"
    for code, marker in data.study.biomarkers.items():
        if marker.predictor != "none":
            factors[f"{code}, {'at baseline' if marker.predictor == 'baseline' else 'change from baseline'}"] = (
                marker.unit
            )
    return factors


def _subjects(data: CutData, visit: str) -> list[Record]:
    endpoint, estimand, rule = data.study.endpoints[0], data.study.estimands[0], data.study.missing_rules[0]
    rows = data.rows(
        "select usubjid, trta, crit1fl = 'Y' as reached, base, ady from response where endpoint = ? and estimand = ?"
        " and missing_rule = ? and avisit = ? and crit1fl is not null order by all",
        [endpoint.name, estimand.name, rule.name, visit],
    )
    sessions = data.rows(
        "select usubjid, ady, minutes from therapy where attendedfl = 'Y' and minutes is not null and ady is not null"
        " order by all"
    )
    markers = data.rows(
        "select usubjid, paramcd, ady, aval, chg, ablfl from biomarkers where aval is not null and ady is not null"
        " order by usubjid, paramcd, ady, srcseq, delivery_id"
    )
    minutes: dict[str, list[Record]] = {}
    samples: dict[tuple[str, str], list[Record]] = {}
    for row in sessions:
        minutes.setdefault(row["usubjid"], []).append(row)
    for row in markers:
        samples.setdefault((row["usubjid"], row["paramcd"]), []).append(row)
    made = []
    for row in rows:
        subject, day = row["usubjid"], row["ady"]
        factors: Record = {f"{endpoint.instrument} at baseline": row["base"]}
        before = [one["minutes"] for one in minutes.get(subject, []) if day is not None and one["ady"] <= day]
        factors["Psychotherapy up to the visit"] = sum(sorted(before)) if day is not None else None
        for code in data.study.biomarkers:
            taken = [one for one in samples.get((subject, code), []) if day is not None and one["ady"] <= day]
            base = [one["aval"] for one in taken if one["ablfl"] == "Y"]
            later = [one["chg"] for one in taken if one["ablfl"] != "Y" and one["chg"] is not None]
            factors[f"{code}, at baseline"] = base[-1] if base else None
            factors[f"{code}, change from baseline"] = later[-1] if later else None
        made.append({**row, **factors})
    return made


def section(data: CutData, made: list[Record]) -> Section | None:
    """Returns the section with its forest plot, or None where there is no model."""
    if not made:
        return None
    visit = data.visit_label(str(made[0]["avisit"]))
    n = int(made[0]["n"])
    table = Table(
        caption=f"Response at {visit[:1].lower()}{visit[1:]}: odds ratios of one model, n = {count(n)}",
        columns=("Factor", "Per", "Odds ratio", "95 % interval", "p", "n"),
        rows=tuple(
            (
                row["name"], row["unit"] or "arm", number(row["estimate"], 2), interval(row["low"], row["high"], 2),
                p_value(row["p"]), count(row["n"]),
            )
            for row in made
        ),
        words=frozenset({1}),
    )  # fmt: skip
    effects = [Effect(**{key: row[key] for key in ("name", "estimate", "low", "high", "p", "n")}) for row in made]
    title = f"Odds ratios of response at {visit} with 95 % intervals, n = {n}. All numbers are in the table below."
    figure = Figure(
        svg=figures.forest("predictors", title, "Odds ratio of response, logarithmic", effects),
        caption=f"Odds ratios with 95 % Wald intervals, n = {count(n)}; measured factors by their standard deviation.",
    )
    return Section(
        anchor="predictors",
        title="What goes with response",
        sentence="Whether severity, psychotherapy and biomarkers go with response, each beside the others.",
        help=(
            f"{_METHOD}. {criterion(data.study.endpoints[0], 'response')}.",
            (
                "Psychotherapy and changes of markers come after randomisation and may follow from response: these are"
                " associations, not effects."
            ),
        ),
        figures=(figure,),
        tables=(table,),
        sources=("response", "therapy", "biomarkers"),
    )
