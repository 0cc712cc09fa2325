"""The rules behind a row in words, from the parameters that the cut was made with, each with its protocol section.

Rule    words and numbers come from the cut's own tables of schema `study`, never from a study file that was changed
"""

from __future__ import annotations

from pipelines.trace.chain import Rule, Values
from pipelines.trace.opened import OpenCut

_STRATEGIES = {
    "treatment_policy": "a value counts whatever event came before it",
    "composite": "on and after the day of such an event the answer is N",
    "hypothetical": "a value on or after the day of such an event is set to missing",
    "while_on_treatment": "a value on or after the day of such an event does not count; the last one before it stands",
}
_MISSING = {
    "observed": "a missing score stays missing, and the answer null",
    "locf": "a missing score is the last one before it in the same period (LOCF)",
    "wocf": "a missing score is the worst one before it in the same period (WOCF)",
    "bocf": "a missing score is the baseline (BOCF)",
    "nri": "a missing score is no response (NRI)",
    "worst_case": "a missing score is no response in the experimental arm, and one in the control arm",
    "best_case": "a missing score is a response in the experimental arm, and none in the control arm",
}
_BASELINES = {
    "visit": "the score of the baseline visit, before dosing",
    "last_before_first_dose": "the last score on or before the day of the first dose, before dosing",
}


def section_of(cut: OpenCut, about: str, row: Values, name: str = "section") -> str:
    """Returns the protocol section that a parameter row names, else the one that `sections` gives for such rules."""
    general = next((one["section"] for one in cut.parameters("sections") if one["rule"] == about), "")
    return str(row.get(name) or row.get("section") or general or "")


def endpoint_rules(cut: OpenCut, row: Values, measure: str) -> tuple[Rule, ...]:
    """Returns the rules of a row of `response` or `remission`: criterion, estimand, rule for missing data."""
    endpoint = next(iter(cut.parameters("endpoints", endpoint=row["endpoint"])), {})
    found = [
        Rule(
            text=f"crit1fl: {row['crit1']}{_reduction(row)}",
            section=section_of(cut, measure, endpoint, f"{measure}_section"),
        )
    ]
    for estimand in cut.parameters("estimands", estimand=row["estimand"]):
        events = [str(one["event"]) for one in cut.parameters("estimand_events", estimand=row["estimand"])]
        listed = f" ({', '.join(events)})" if events else ""
        text = f"estimand {row['estimand']}: {_STRATEGIES.get(estimand['strategy'], estimand['strategy'])}{listed}"
        found.append(Rule(text=text, section=section_of(cut, "estimands", estimand)))
    for rule in cut.parameters("missing_rules", missing_rule=row["missing_rule"]):
        method = str(rule.get("method") or row["missing_rule"])
        more = _told(rule, {"missing_rule", "method", "section"})
        text = f"missing_rule {row['missing_rule']}: {_MISSING.get(method, method)}{f' ({more})' if more else ''}"
        found.append(Rule(text=text, section=section_of(cut, "missing_rules", rule)))
    return tuple(found)


def _reduction(row: Values) -> str:
    if row.get("aval") is None or not row.get("base"):
        return ""
    return f"; {number(row['base'])} to {number(row['aval'])} is a change of {number(round(row['pchg'], 2))} %"


def score_rules(cut: OpenCut, row: Values) -> tuple[Rule, ...]:
    """Returns the rules of a row of `adqs`: how the total was made, its visit, and whether it is the baseline."""
    found = [_total(cut, row)]
    for visit in cut.parameters("visits", visit=row["avisit"]):
        window = (visit["window_from_day"], visit["window_to_day"])
        day = "" if visit["target_day"] is None else f", target day {visit['target_day']}"
        placed = day if window[0] is None else f"{day}, window day {window[0]} to {window[1]}"
        found.append(
            Rule(text=f"avisit {row['avisit']}{placed or ': as collected'}", section=section_of(cut, "visits", visit))
        )
    if row["avisit"] == "UNSCHEDULED":
        found.append(Rule(text="avisit UNSCHEDULED: its day lies in no window"))
    if row["ablfl"] == "Y":
        for settings in cut.parameters("settings"):
            text = f"ablfl: {_BASELINES.get(settings['baseline_rule'], settings['baseline_rule'])}"
            found.append(Rule(text=text, section=section_of(cut, "baseline", settings, "baseline_section")))
    return tuple(found)


def _total(cut: OpenCut, row: Values) -> Rule:
    use = next(iter(cut.parameters("instruments", paramcd=row["paramcd"])), {})
    rule = next(iter(cut.parameters("instrument_rules", paramcd=row["paramcd"])), {})
    instrument = next(iter(cut.reference("instruments", paramcd=row["paramcd"])), {})
    source = f" ({instrument['source']})" if instrument.get("source") else ""
    expected = row["items_expected"]
    match row["total_source"]:
        case "items":
            allowed = rule.get("items_missing_allowed") or 0
            prorated = f" (at most {allowed} missing, prorated: {rule['prorate']})" if allowed else ""
            made = rule.get("scoring") or f"the sum of the {expected} items"
            text = f"aval: made of {made}{prorated}{source}; with fewer there is no sum"
        case "collected":
            why = "as the study file says" if use.get("analysed_total") == "collected" else "as items are missing"
            text = f"aval: the total as the site wrote it, {why}{source}"
        case _:
            text = f"aval: none, {row['missing_reason']}{source}; a missing total is never zero"
    return Rule(text=text, section=section_of(cut, "instruments", rule))


def durability_rules(cut: OpenCut, row: Values) -> tuple[Rule, ...]:
    """Returns the rules of a row of `durability`: what starts the time, what ends it, why it is censored."""
    found = []
    for one in cut.parameters("durability", paramcd=row["paramcd"]):
        section = section_of(cut, "durability", one)
        texts = [f"start: the first {one['start']} of endpoint {one['endpoint']}{_more(one, 'start_')}"]
        if one["relapse_min_score"] is not None:
            sign = ">" if one["relapse_strict"] else ">="
            twice = f" at {one['relapse_assessments']} assessments in a row" if one["relapse_assessments"] > 1 else ""
            apart = f", {one['relapse_from_days']} to {one['relapse_to_days']} days apart" if twice else ""
            texts.append(f"relapse: {sign} {number(one['relapse_min_score'])}{twice}{apart}")
        if one["loss_of_response"]:
            confirmed = "two assessments in a row" if one["loss_confirmed"] else "one assessment"
            of = one.get("loss_of") or "response"
            texts.append(f"loss of {of}: below the threshold at {confirmed}{_more(one, 'loss_')}")
        if events := [
            str(event["event"]) for event in cut.parameters("durability_events", paramcd=row["paramcd"], cnsr=0)
        ]:
            texts.append(f"events, dated at their onset: {', '.join(events)}")
        if further := _told(one, {name for name in one if not name.startswith(("censor_", "maintenance_"))}):
            texts.append(f"further: {further}")
        found += [Rule(text=text, section=section) for text in texts]
    end = f"event: {row['evntdesc']}" if row["cnsr"] == 0 else f"censored: {row['cnsdtdsc']}"
    found.append(Rule(text=f"{end}; days from start to end, both counted"))
    return tuple(found)


_SAID = ("loss_confirmed", "loss_of_response", "loss_of")


def _more(parameters: Values, prefix: str) -> str:
    told = _told(parameters, {name for name in parameters if not name.startswith(prefix) or name in _SAID})
    return f" ({told})" if told else ""


def population_rules(cut: OpenCut, row: Values) -> tuple[Rule, ...]:
    """Returns the rule of the analysed population, as `analysfl` of `adsl` has it."""
    conditions = [f"{one['variable']} {one['operator']} '{one['value']}'" for one in cut.parameters("population")]
    text = f"analysfl {row.get('analysfl') or 'null'}: {' and '.join(conditions) or 'every subject'}"
    return (Rule(text=text, section=section_of(cut, "population", {})),)


def named_rules(cut: OpenCut, row: Values, table: str) -> tuple[Rule, ...]:
    """Returns what the parameter table of this name says for a row; it is found by the columns that both have."""
    found = []
    for one in cut.parameters(table, **row):
        shared = {name for name in one if name in row}
        told = _told(one, {*shared, *(name for name in one if name.endswith("section"))})
        if shared and told:
            found.append(Rule(text=f"{table}: {told}", section=section_of(cut, table, one)))
    return tuple(found)


def _told(parameters: Values, without: set[str]) -> str:
    # What the study file does not ask for is no part of the rule.
    pairs = (
        (name, value)
        for name, value in parameters.items()
        if name not in without and value is not None and value is not False and value != ""
    )
    return ", ".join(f"{name} {number(value)}" for name, value in pairs)


def number(value: object) -> str:
    """Returns a value as a person would write it: 14.0 is 14."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
