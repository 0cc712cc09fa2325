"""The links below a derived row, by table: scores, events, landed records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipelines.study.domains import DOMAINS, Domain
from pipelines.trace import rules
from pipelines.trace.chain import Rule, Source, Step, Values
from pipelines.trace.opened import OpenCut
from pipelines.trace.scores import find_score, items_step, score_step
from pipelines.trace.sources import changes, domain_of, records, shown, source, sources

_ORIGINS = {
    "LOCF": "score carried forward",
    "WOCF": "worst score carried forward",
    None: "score of the visit",
}

# CDISC's word for it, and what an estimand calls it by.
UNBLINDED = "TREATMENT UNBLINDED"


def derived_step(cut: OpenCut, table: str, row: Values) -> Step:
    """Returns the link of a derived row, and below it all that it comes from."""
    rules_found, steps = _TABLES.get(table, _other)(cut, table, row)
    own = () if steps else _own_sources(cut, row)
    if not steps and not own:
        steps = (Step(what="many rows stand behind this one, and no single delivered row", values={}),)
    return Step(what=table, values=row, rules=rules_found, sources=own, steps=steps)


Links = tuple[tuple[Rule, ...], tuple[Step, ...]]


def _judged(cut: OpenCut, table: str, row: Values) -> Links:
    """`response`, `remission` and their like: the score that stood for the visit, the baseline, the event."""
    instrument = row["paramcd"]
    steps: list[Step] = []
    if row["srcdom"] is not None:
        score = find_score(
            cut, row["usubjid"], instrument, delivery_id=row["delivery_id"], source_file=row["source_file"],
            srcseq=row["srcseq"], adt=row["adt"], aval=row["aval"],
        )  # fmt: skip
        is_baseline = bool(score and score["ablfl"] == "Y")
        if score:
            what = "baseline carried forward" if is_baseline else _ORIGINS.get(row["dtype"], "score")
            steps.append(score_step(cut, score, f"{what}: adqs, {score['avisit']}"))
    else:
        is_baseline = False
        steps.append(Step(what=f"no score at {row['avisit']} that counts: {row['dtype'] or 'missing'}", values={}))
    if not is_baseline:
        steps += _baseline(cut, row, instrument)
    steps += _intercurrent(cut, row)
    return rules.endpoint_rules(cut, row, table), tuple(steps)


def _baseline(cut: OpenCut, row: Values, instrument: object) -> list[Step]:
    if row.get("base") is None:
        return []
    score = find_score(cut, row["usubjid"], instrument, ablfl="Y", aval=row["base"])
    return [score_step(cut, score, f"baseline: adqs, {score['avisit']}")] if score else []


def _intercurrent(cut: OpenCut, row: Values) -> list[Step]:
    """The event that decides under the estimand, where the visit is on or after it."""
    key = {name: row[name] for name in ("usubjid", "endpoint", "avisit", "estimand", "aperiod", "avisitn")}
    if not any(one["is_after_event"] for one in cut.derived("int_scores_by_estimand", **key)):
        return []
    steps = []
    events = {one["event"] for one in cut.parameters("estimand_events", estimand=row["estimand"])}
    for dated in cut.derived("int_intercurrent_events_dated", usubjid=row["usubjid"], estimand=row["estimand"]):
        for name, term, date in (("ds", "dsdecod", "dsstdtc"), ("ce", "cedecod", "cestdtc")):
            domain = DOMAINS[name]
            found = records(cut, domain, f"usubjid = ? and left({date}, 10) = ?", [row["usubjid"], dated["event_date"]])
            if found := [one for one in found if one[term] in events]:
                steps.append(record_step(cut, domain, found, f"intercurrent event of {dated['event_date']}"))
        if UNBLINDED in events:
            of_day = (one for one in _code_breaks(cut, row) if one.values["date"] == str(dated["event_date"]))
            steps += [replace(one, what=f"intercurrent event of {dated['event_date']}: a code break") for one in of_day]
    return steps


def _code_breaks(cut: OpenCut, row: Values) -> list[Step]:
    """The code breaks of the row's subject that the cut's inputs name; no delivery holds them."""
    broken = [one for one in cut.cut.inputs.get("code_breaks", []) if one["usubjid"] == row["usubjid"]]
    return [
        Step(what="a code break, as the cut's inputs name it", values={**one, "event": UNBLINDED}) for one in broken
    ]


def _durability(cut: OpenCut, table: str, row: Values) -> Links:
    """The score that starts the time, the scores that follow, and what ends it."""
    del table
    endpoint = next(iter(cut.parameters("endpoints", endpoint=row["endpoint"])), {})
    instrument = endpoint.get("paramcd")
    steps = []
    for start in cut.derived(
        "int_responses_started", usubjid=row["usubjid"], paramcd=row["paramcd"], aperiod=row["aperiod"]
    ):
        steps += _start(cut, row, start, instrument)
    steps.append(_followed(cut, row, instrument))
    what = "end: event" if row["cnsr"] == 0 else "end: last known without the event"
    steps += _end(cut, row, instrument, what)
    return rules.durability_rules(cut, row), tuple(steps)


def _start(cut: OpenCut, row: Values, start: Values, instrument: object) -> list[Step]:
    """The score that starts the time, with its baseline; or the randomisation."""
    delivery = next((one for one in cut.deliveries if one.rank == start["delivery_rank"]), None)
    delivery_id = delivery.delivery_id if delivery else None
    domain = domain_of(start.get("srcdom") or "QS")
    if domain and domain.name != "qs":
        condition = "usubjid = ? and _delivery_id = ? and _source_row = ?"
        found = records(cut, domain, condition, [row["usubjid"], delivery_id, start["srcseq"]])
        return [record_step(cut, domain, found, f"start: record of {domain.name.upper()}")]
    score = find_score(
        cut, row["usubjid"], instrument, delivery_id=delivery_id, srcseq=start["srcseq"], adt=start["startdt"]
    )
    if score is None:
        return []
    own = score | {"base": start["base"]}
    return [score_step(cut, score, f"start: adqs, {score['avisit']}"), *_baseline(cut, own, instrument)]


def _followed(cut: OpenCut, row: Values, instrument: object) -> Step:
    """The assessments from the start to the end, in their order: on which the event was looked for."""
    listed = cut.rows(
        f"select avisit, adt, ady, aval, base, pchg, source_file as file, srcseq as row from {cut.scan('adqs')} "
        "where usubjid = ? and paramcd = ? and aperiod is not distinct from ? and aval is not null "
        "and coalesce(ady >= ?, true) and coalesce(ady <= ?, true) order by ady, adt, srcseq",
        [row["usubjid"], instrument, row["aperiod"], row.get("startdy"), row.get("ady")],
    )
    what = "assessments from start to end" if row.get("startdy") else "assessments"
    return Step(what=what, values={"assessments": len(listed)}, records=tuple(listed))


def _end(cut: OpenCut, row: Values, instrument: object, what: str) -> list[Step]:
    domain = domain_of(row["srcdom"])
    if domain is None:
        return []
    if domain.name == "qs":
        place = {name: row[name] for name in ("delivery_id", "source_file", "srcseq")}
        score = find_score(cut, row["usubjid"], instrument, **place, adt=row.get("adt"))
        # A row's own date need not be that of the assessment that it names.
        score = score or find_score(cut, row["usubjid"], instrument, **place)
        return [score_step(cut, score, f"{what}: adqs, {score['avisit']}")] if score else []
    return [record_step(cut, domain, _landed(cut, domain, row), what)]


def _score(cut: OpenCut, table: str, row: Values) -> Links:
    del table
    steps = [items_step(cut, row)]
    if row["chg"] is not None:
        steps += _baseline(cut, row, row["paramcd"])
    return rules.score_rules(cut, row), tuple(steps)


def _subject(cut: OpenCut, table: str, row: Values) -> Links:
    del table
    steps = [record_step(cut, DOMAINS["dm"], _landed(cut, DOMAINS["dm"], row), "demographics")]
    for name, what in (("ds", "dispositions: randomisation, end of study"), ("ex", "doses: first and last")):
        if found := records(cut, DOMAINS[name], "usubjid = ?", [row["usubjid"]]):
            steps.append(record_step(cut, DOMAINS[name], found, what))
    steps += _code_breaks(cut, row)
    return rules.population_rules(cut, row), tuple(steps)


def _other(cut: OpenCut, table: str, row: Values) -> Links:
    """Any other table: the score or the landed records that the row names, and its baseline in the same table."""
    domain = domain_of(row.get("srcdom") or table)
    told = rules.named_rules(cut, row, table)
    if domain is None or row.get("srcseq") is None:
        return told, ()
    if domain.name == "qs":
        endpoint = next(iter(cut.parameters("endpoints", endpoint=row["endpoint"])), {}) if row.get("endpoint") else {}
        instrument = endpoint.get("paramcd", row.get("paramcd"))
        steps = [_followed(cut, row | {"ady": None}, instrument)] if endpoint else []
        return (*told, *_endpoint_rules(cut, endpoint)), (*_end(cut, row, instrument, "score"), *steps)
    found = _landed(cut, domain, row)
    steps = [record_step(cut, domain, found, f"record of {domain.name.upper()}")]
    if row.get("base") is not None and row.get("ablfl") != "Y":
        condition = "usubjid = ? and paramcd = ? and aval = ? and (ablfl = 'Y' or (avisit = ? and atpt = 'PRE-DOSE'))"
        about = [row["usubjid"], row["paramcd"], row["base"], row["avisit"]]
        order = "order by ablfl nulls first, srcseq limit 1"
        bases = cut.rows(f"select * from {cut.scan(table)} where {condition} {order}", about)
        steps += [
            record_step(cut, domain, _landed(cut, domain, base), f"baseline: {table}, {base['avisit']}")
            for base in bases
        ]
    return (*told, *_measure_rules(cut, domain, found)), tuple(steps)


def _measure_rules(cut: OpenCut, domain: Domain, found: list[Values]) -> tuple[Rule, ...]:
    """The unit, its conversion and the limits of a laboratory result or a vital sign."""
    tables = {"lb": ("biomarkers", "biomarker_units"), "vs": ("vital_signs",)}.get(domain.name, ())
    keys = [{str(domain.test): one[str(domain.test)], "from_unit": one[str(domain.unit)]} for one in found if tables]
    told = [rule for table in tables for key in keys for rule in rules.named_rules(cut, key, table)]
    return tuple(dict.fromkeys(told))


def _endpoint_rules(cut: OpenCut, endpoint: Values) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            text=f"{measure}: {endpoint[f'{measure}_crit']}",
            section=rules.section_of(cut, measure, endpoint, f"{measure}_section"),
        )
        for measure in ("response", "remission")
        if endpoint
    )


def record_step(cut: OpenCut, domain: Domain, found: list[Values], what: str) -> Step:
    """Returns the link of landed records, with their delivered rows and what was corrected in them."""
    return Step(
        what=what,
        values={},
        records=tuple(shown(domain, one) | {"file": one["_source_file"], "row": one["_source_row"]} for one in found),
        sources=sources(cut, found),
        changes=changes(cut, domain, found),
    )


def _landed(cut: OpenCut, domain: Domain, row: Values) -> list[Values]:
    """Returns the landed records of a domain that a row names as its source; of a test the row is about."""
    if domain.in_vault:
        return []
    condition = "_delivery_id = ? and _source_file = ? and _source_row = ?"
    found = records(cut, domain, condition, [row["delivery_id"], row["source_file"], row["srcseq"]])
    if domain.test and (about := [one for one in found if one[domain.test] == row.get("paramcd")]):
        found = about
    return found


def _own_sources(cut: OpenCut, row: Values) -> tuple[Source, ...]:
    """Returns the delivered rows that a row without links below it names (`deliveries`, `record_changes`)."""
    named = (
        ("delivery_id", "source_file", "srcseq"),
        ("delivery_id", "source_file", "source_row"),
        ("old_delivery_id", "old_source_file", "old_source_row"),
        ("new_delivery_id", "new_source_file", "new_source_row"),
    )
    places = [tuple(row.get(name) for name in names) for names in named]
    return tuple(source(cut, str(one[0]), one[1], int(one[2])) for one in places if one[0] and one[2] is not None)


_TABLES: dict[str, Callable[[OpenCut, str, Values], Links]] = {
    "response": _judged,
    "remission": _judged,
    "durability": _durability,
    "adqs": _score,
    "adsl": _subject,
}
