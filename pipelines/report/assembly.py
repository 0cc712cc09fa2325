"""Putting the report together: which sections stand on which page, and which numbers behind them."""

from __future__ import annotations

from dataclasses import replace

from pipelines.report import (
    benchmarks,
    biomarkers,
    blinding,
    change,
    comparisons,
    disposition,
    drawings,
    durability,
    headlines,
    interval_censored,
    methods,
    monitoring,
    onset,
    predictors,
    quality,
    questions,
    reconciliation,
    response,
    restatements,
    retention,
    safety,
    sensitivity,
    sequence,
    treatment,
)
from pipelines.report.content import Content, Figure, Record, Section, Table
from pipelines.report.tables import CutData


def assembled(data: CutData) -> Content:
    """Returns the content of all pages; a section without data is named in `absent` instead."""
    efficacy = {measure: response.records(data, measure) for measure in ("response", "remission")}
    changes = change.records(data)
    curves = durability.curves(data)
    lasting = durability.records(data, curves)
    ends = durability.endings(data)
    early = onset.records(data)
    bounds = interval_censored.records(data, durability.landmarks(data, curves))
    retained = retention.records(data)
    episodes = retention.episodes(data)
    statistics: dict[str, list[Record]] = {
        **efficacy,
        **early,
        "change": changes,
        "durability": lasting,
        "durability_endings": ends,
        "durability_bounds": bounds,
        "retention": retained,
        "response_episodes": episodes,
    }

    flow, counts = disposition.section(data)
    therapy, statistics["therapy"] = treatment.therapy(data)
    exposure, statistics["exposure"] = treatment.exposure(data)
    safe, safety_records = safety.section(data)
    blind, blinding_records = blinding.section(data)
    markers, statistics["biomarkers"] = biomarkers.section(data)
    panel, statistics["benchmarks"] = benchmarks.section(data, efficacy, lasting)
    periods, statistics["sequence"] = sequence.section(data)
    delivered, statistics["deliveries"] = quality.deliveries(data)
    aside, statistics["quarantine"] = quality.quarantine(data)
    queried, statistics["queries"] = questions.section(data)
    followed, statistics["reconciliation"] = reconciliation.section(data)
    restated, statistics["record_changes"] = restatements.section(data)
    watched, statistics["site_metrics"] = monitoring.section(data)
    asked = headlines.acute_visit(data, efficacy["response"])
    compared = statistics["comparisons"] = comparisons.records(data, asked)
    factors = statistics["predictors"] = predictors.records(data, asked)
    statistics |= counts | safety_records | blinding_records

    optional = {
        "therapy sessions": therapy,
        "doses": exposure,
        "adverse events, vital signs with alert limits, dissociation": safe,
        "biomarkers": markers,
    }
    summary = [
        flow,
        periods,
        _with_figures(
            response.section(data, efficacy, *_sensitivity(data, efficacy)), *drawings.response(data, efficacy)
        ),
        onset.section(data, early),
        _with_figures(change.section(data, changes), *drawings.change(data, changes)),
        _with_figures(
            durability.section(data, curves, lasting, ends=ends, bounds=bounds, retained=retained, episodes=episodes),
            *drawings.durability(data, curves),
        )
        if data.study.durability
        else None,
        comparisons.section(data, compared),
        *optional.values(),
        blind,
        predictors.section(data, factors),
        panel,
    ]
    pages: dict[str, list[Section | None]] = {
        "index.html": summary,
        "deliveries.html": [watched, queried, delivered, aside, followed, restated],
        "methods.html": list(methods.sections(data)),
    }
    return Content(
        cards=headlines.cards(data, efficacy, lasting),
        primary=headlines.primary(data),
        sections={
            page: tuple(replace(each, checks=quality.counts(data, each.sources)) for each in sections if each)
            for page, sections in pages.items()
        },
        absent=tuple(name for name, section in optional.items() if section is None),
        arms=tuple((group.short, group.label) for group in data.groups if group.short != group.label),
        statistics=statistics,
    )


def _sensitivity(data: CutData, efficacy: dict[str, list[Record]]) -> tuple[Table, ...]:
    visit = headlines.acute_visit(data, efficacy["response"])
    table = sensitivity.table(data, efficacy, visit) if visit else None
    return (table,) if table else ()


def _with_figures(section: Section, *figures: Figure) -> Section:
    return replace(section, figures=figures)
