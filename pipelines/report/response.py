"""Response and remission by visit and group, for each estimand and missing-data rule of the study file."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from pipelines.report.content import Fold, Record, Section, Table
from pipelines.report.estimates import proportion
from pipelines.report.formats import GAP, count, interval, percent, ratio
from pipelines.report.tables import CutData

if TYPE_CHECKING:
    from pipelines.study.endpoints import Endpoint, MissingRule, RemissionRule, ResponseRule

STRATEGIES = {
    "treatment_policy": "values count as they are, whatever happened",
    "composite": "from the first intercurrent event on, a subject counts as not reached",
    "hypothetical": "values from the first intercurrent event on are set missing",
    "while_on_treatment": "the last value before the first intercurrent event stands for later visits",
}
RULES = {
    "observed": "only subjects with a value at the visit are in the denominator",
    "locf": "the last value after baseline is carried forward",
    "wocf": "the highest earlier value after baseline is carried forward",
    "bocf": "a missing value is replaced by the baseline",
    "nri": "a missing value counts as not reached",
    "worst_case": "a missing value counts as not reached under an experimental arm, as reached under a control arm",
    "best_case": "a missing value counts as reached under an experimental arm, as not reached under a control arm",
}


def records(data: CutData, measure: str) -> list[Record]:
    """Returns one record for each endpoint, estimand, rule, visit and group, and (crossover) again by period.

    `measure` is `response` or `remission`. `total` is the denominator, `missing` the analysed subjects left out of it.
    """
    rows = data.rows(
        "select endpoint, estimand, missing_rule, avisit, avisitn, trta, aperiod, count(*) as n,"
        " count(*) filter (where crit1fl is null) as missing, count(*) filter (where crit1fl = 'Y') as events"
        f" from {measure} group by all order by all"
    )
    periods = [None, *sorted({row["aperiod"] for row in rows if row["aperiod"]})] if data.crossover else [None]
    made = []
    for endpoint, estimand, rule in product(data.study.endpoints, data.study.estimands, data.study.missing_rules):
        chosen = [
            row
            for row in rows
            if (row["endpoint"], row["estimand"], row["missing_rule"]) == (endpoint.name, estimand.name, rule.name)
        ]
        visits = sorted({(row["avisitn"] or 0.0, row["avisit"]) for row in chosen})
        for (_, visit), group, period in product(visits, data.groups, periods):
            cell = [
                row
                for row in chosen
                if row["avisit"] == visit
                and data.group_of(row["trta"]) == group.code
                and period in (None, row["aperiod"])
            ]
            missing = sum(row["missing"] for row in cell)
            estimate = proportion(sum(row["events"] for row in cell), sum(row["n"] for row in cell) - missing)
            made.append(
                {
                    "measure": measure, "endpoint": endpoint.name, "estimand": estimand.name, "missing_rule": rule.name,
                    "avisit": visit, "trta": group.code, "aperiod": period, "events": estimate.events,
                    "total": estimate.total, "missing": missing, "percent": estimate.percent,
                    "low": estimate.low, "high": estimate.high,
                }
            )  # fmt: skip
    return made


def pick(made: list[Record], **keys: object) -> list[Record]:
    """Returns the records that have all these values."""
    return [record for record in made if all(record[key] == value for key, value in keys.items())]


def primary_keys(data: CutData) -> Record:
    """Returns which endpoint, estimand and missing-data rule come first in the study file: the primary ones."""
    study = data.study
    return {
        "endpoint": study.endpoints[0].name,
        "estimand": study.estimands[0].name,
        "missing_rule": study.missing_rules[0].name,
    }


def criterion(endpoint: Endpoint, measure: str) -> str:
    """Returns the rule in words with its protocol section."""
    rule: ResponseRule | RemissionRule
    if measure == "response":
        rule, words = endpoint.response, _response_words(endpoint.instrument, endpoint.response)
    else:
        rule, sign = endpoint.remission, "<" if endpoint.remission.strict else "\u2264"
        words = f"{endpoint.instrument} total {sign}{GAP}{endpoint.remission.max_score:g}"
    return f"{words} (protocol section {rule.section})" if rule.section else words


def _response_words(instrument: str, rule: ResponseRule) -> str:
    more, less = (">", "<") if rule.strict else ("\u2265", "\u2264")
    reductions = [
        f"{more}{GAP}{least:g}{GAP}{unit}"
        for least, unit in ((rule.min_reduction_pct, "%"), (rule.min_reduction_points, "points"))
        if least is not None
    ]
    total = f" and total {less}{GAP}{rule.max_score:g}" if rule.max_score is not None else ""
    further = "".join(
        f" and {one.instrument} total {sign}{GAP}{limit:g}"
        for one in rule.also
        for sign, limit in (
            (">" if one.strict else "\u2265", one.min_score), ("<" if one.strict else "\u2264", one.max_score)
        )
        if limit is not None
    )  # fmt: skip
    return f"{instrument} reduction from baseline {' and '.join(reductions)}{total}{further}"


def rule_in_words(rule: MissingRule) -> str:
    """Returns what a rule for missing data does."""
    carried = ["the baseline where nothing later was seen"] * rule.baseline
    carried += ["unscheduled assessments too"] * rule.unscheduled
    return "; ".join([RULES[rule.rule], *carried])


def table(data: CutData, made: dict[str, list[Record]], caption: str, **keys: object) -> Table:
    """Returns response and remission side by side, a row for each visit, group and (if any) period."""
    labels = {group.code: group.short for group in data.groups}
    responses = pick(made["response"], **keys)
    remissions = {_place(record): record for record in pick(made["remission"], **keys)}
    periods = any(record["aperiod"] for record in responses)
    rows = []
    for record in responses:
        where = [data.visit_label(record["avisit"]), labels[record["trta"]]]
        period = [str(record["aperiod"])] if periods else []
        rows.append((*where, *period, *_cells(record), *_cells(remissions[_place(record)])))
    parts = ("n/N", "%", "95 % interval", "missing")
    return Table(
        caption=caption,
        columns=(
            *("Visit", "Arm", *(["Period"] if periods else [])),
            *(f"{measure} {part}" for measure in ("Response", "Remission") for part in parts),
        ),
        rows=tuple(rows),
        heads=3 if periods else 2,
        grouped=True,
    )


def _place(record: Record) -> tuple[object, ...]:
    return record["avisit"], record["trta"], record["aperiod"]


def _cells(record: Record) -> tuple[str, str, str, str]:
    return (
        ratio(record["events"], record["total"]),
        percent(record["percent"]),
        interval(record["low"], record["high"]),
        count(record["missing"]),
    )


def folds(data: CutData, made: dict[str, list[Record]]) -> tuple[Fold, ...]:
    """Returns a fold for every endpoint and estimand with a table for each rule, and one by period in a crossover.

    The primary definition's table stands open above them, and is not repeated.
    """
    study, primary = data.study, primary_keys(data)
    result = []
    if data.crossover:
        by_period = {
            measure: [record for record in values if record["aperiod"] is not None] for measure, values in made.items()
        }
        made_table = table(data, by_period, "Primary definition, by arm and period", **primary)
        result.append(Fold(summary="By treatment period", tables=(made_table,)))
    for endpoint, estimand in product(study.endpoints, study.estimands):
        tables = tuple(
            table(data, made, f"Missing data, {_words(rule.name)}: {rule_in_words(rule)}", **keys, aperiod=None)
            for rule in study.missing_rules
            for keys in [{"endpoint": endpoint.name, "estimand": estimand.name, "missing_rule": rule.name}]
            if keys != primary
        )
        if tables:
            sentence = (
                f"Response: {criterion(endpoint, 'response')}. Remission: {criterion(endpoint, 'remission')}."
                f" Estimand: {STRATEGIES[estimand.strategy]}."
            )
            summary = f"{_words(endpoint.name).capitalize()} endpoint ({endpoint.instrument}), {_words(estimand.name)}"
            result.append(Fold(summary=summary, sentence=sentence, tables=tables))
    return tuple(result)


def _words(name: str) -> str:
    return name.replace("_", " ")


def section(data: CutData, made: dict[str, list[Record]], *more: Table) -> Section:
    """Returns the section without its figures; tables `more` stand folded below the primary one."""
    endpoint, keys = data.study.endpoints[0], primary_keys(data)
    estimand, rule = data.study.estimands[0], data.study.missing_rules[0]
    caption = (
        f"Primary definition. Response: {criterion(endpoint, 'response')}. Remission:"
        f" {criterion(endpoint, 'remission')}."
    )
    missing = f"Missing data: {_words(rule.name)} ({rule_in_words(rule)})."
    notes = [f"Estimand: {_words(estimand.name)} ({STRATEGIES[estimand.strategy]}). {missing}"]
    if data.crossover:
        notes.append(
            "A crossover: the same subjects are in every arm, so arms are not independent. Both periods use one"
            " baseline; carry-over from the first period is not handled, and no test between arms is made."
        )
    return Section(
        anchor="response",
        title="Response and remission by visit",
        sentence="How many analysed subjects had responded, and how many were in remission, at each planned visit.",
        help=(
            (
                "n/N: subjects who reached the criterion, of those in the denominator. Intervals are Wilson score"
                " intervals (95 %). Missing: analysed subjects with no usable value at that visit under the rule;"
                " they are counted, never dropped."
            ),
            "The study file's other endpoints, estimands and missing-data rules are folded below the primary table.",
        ),
        tables=(table(data, made, caption, **keys, aperiod=None),),
        folds=(*(Fold(summary=each.caption, tables=(each,)) for each in more), *folds(data, made)),
        notes=tuple(notes),
        sources=("response", "remission"),
    )
