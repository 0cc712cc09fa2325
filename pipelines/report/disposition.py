"""Disposition: who was screened, randomised, dosed and stayed, by arm and by site."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.report.content import Record, Section, Table
from pipelines.report.formats import MISSING, count, text
from pipelines.report.sequence import sequence_label
from pipelines.report.tables import CutData

_COUNTS: tuple[tuple[str, Callable[[Record], bool]], ...] = (
    ("Screened", lambda _: True),
    ("Screen failures", lambda row: row["eosstt"] == "SCREEN FAILURE"),
    ("Randomised", lambda row: row["randfl"] == "Y"),
    ("Dosed", lambda row: row["saffl"] == "Y"),
    ("Analysed", lambda row: row["analysfl"] == "Y"),
    ("Completed", lambda row: row["eosstt"] == "COMPLETED"),
    ("Ongoing", lambda row: row["eosstt"] == "ONGOING"),
    ("Discontinued", lambda row: row["eosstt"] == "DISCONTINUED"),
    ("End of study not recorded", lambda row: row["eosstt"] == "UNKNOWN"),
)
# Before randomisation there is no arm: these stand only in the total.
_BEFORE_ARMS = ("Screened", "Screen failures")
_ENDS = ("Screen failures", "Completed", "Discontinued")
_ONLY_IF_ANY = ("Ongoing", "End of study not recorded")


def section(data: CutData) -> tuple[Section, dict[str, list[Record]]]:
    """Returns the disposition section and its counts as records."""
    rows = data.rows(
        "select siteid, country, trta, trtseqp, eosstt, dcsreas, randfl, saffl, analysfl, count(*) as n"
        " from adsl group by all order by all"
    )
    columns = _columns(data, rows)
    rows = [{**row, "column": _column_of(data, row)} for row in rows]
    flow = _flow(rows, columns)
    sites = _sites(data, rows, columns)
    by = "treatment sequence" if data.crossover and not data.blinded else "arm"
    made = Section(
        anchor="disposition",
        title="Disposition",
        sentence=f"Where every subject went, from screening to the end of the study, by {by} and by site.",
        help=(
            (
                "Counts of subjects, one row of the table adsl each. Screened counts every subject a site delivered."
                " Dosed counts subjects with at least one recorded dose; analysed, those the study file's population"
                f" names ({data.study.population.analysed})."
            ),
            "Vendors (laboratories, randomisation services) enrol nobody, and are not listed as sites.",
        ),
        tables=(_flow_table(flow, columns), _site_table(data, sites, columns)),
        notes=_notes(data),
        sources=("adsl",),
    )
    return made, {"disposition": flow, "disposition_by_site": sites}


def _notes(data: CutData) -> tuple[str, ...]:
    if data.blinded:
        return ("This cut is blinded: arms are pooled.",)
    if data.crossover:
        return (
            "A crossover: every subject is planned for every arm, so subjects are grouped by the order of treatment.",
        )
    return ()


def _columns(data: CutData, rows: list[Record]) -> dict[str, str]:
    """Returns the label of each group of subjects by its code; in a crossover a group is a sequence."""
    if data.crossover and not data.blinded:
        return {name: sequence_label(name) for name in sorted({str(row["trtseqp"]) for row in rows if row["trtseqp"]})}
    return {group.code: group.short for group in data.groups}


def _column_of(data: CutData, row: Record) -> str | None:
    if data.crossover and not data.blinded:
        return str(row["trtseqp"]) if row["trtseqp"] else None
    return data.group_of(row["trta"]) if row["randfl"] == "Y" else None


def _flow(rows: list[Record], columns: dict[str, str]) -> list[Record]:
    """Returns the counts; of ends, where none was delivered, None instead of 0."""
    unknown = _ENDS if all(row["eosstt"] == "UNKNOWN" for row in rows) else ()
    steps: list[tuple[str, list[Record]]] = []
    for step, holds in _COUNTS:
        chosen = [row for row in rows if holds(row)]
        if chosen or step not in _ONLY_IF_ANY:
            steps.append((step, chosen))
        if step == "Discontinued":
            for reason in sorted({str(row["dcsreas"] or "reason not recorded") for row in chosen}):
                of_reason = [row for row in chosen if str(row["dcsreas"] or "reason not recorded") == reason]
                steps.append((f"Discontinued: {reason.lower()}", of_reason))
    return [
        {
            "step": step,
            **{code: None if step in (*_BEFORE_ARMS, *unknown) else _sum(chosen, code) for code in columns},
            "total": None if step in unknown else sum(row["n"] for row in chosen),
        }
        for step, chosen in steps
    ]


def _sum(rows: list[Record], code: str) -> int:
    return sum(row["n"] for row in rows if row["column"] == code)


def _flow_table(flow: list[Record], columns: dict[str, str]) -> Table:
    return Table(
        caption="Subjects by step of the study",
        columns=("Step", *columns.values(), "All"),
        rows=tuple((row["step"], *(count(row[code]) for code in columns), count(row["total"])) for row in flow),
        notes=(f"{MISSING}: subjects have no arm yet, or no record of this kind was delivered.",),
    )


def _sites(data: CutData, rows: list[Record], columns: dict[str, str]) -> list[Record]:
    records = []
    unknown = _ENDS if all(row["eosstt"] == "UNKNOWN" for row in rows) else ()
    for site in [*data.study.trial_sites, *sorted({str(row["siteid"]) for row in rows} - set(data.study.trial_sites))]:
        here = [row for row in rows if row["siteid"] == site]
        known = data.study.sites.get(site)
        steps = {
            step: None if step in unknown else sum(row["n"] for row in here if holds(row)) for step, holds in _COUNTS
        }
        records.append(
            {
                "siteid": site,
                "name": known.name if known else None,
                "country": known.country if known else None,
                **{step: steps[step] for step in ("Screened", "Screen failures")},
                **{code: _sum(here, code) for code in columns},
                **{step: steps[step] for step in ("Dosed", "Completed", "Discontinued")},
            }
        )
    return records


def _total(sites: list[Record], key: str) -> int | None:
    known = [site[key] for site in sites if site[key] is not None]
    return sum(known) if known else None


def _site_table(data: CutData, sites: list[Record], columns: dict[str, str]) -> Table:
    numbers = ["Screened", "Screen failures", *columns, "Dosed", "Completed", "Discontinued"]
    prefix = "Sequence" if data.crossover and not data.blinded else "Randomised:"
    heads = [f"{prefix} {label}" for label in columns.values()]
    body = [
        (
            data.site_label(site["siteid"]),
            text(site["country"]),
            *(count(site[key]) for key in numbers),
        )
        for site in sites
    ]
    total = ("All sites", "", *(count(_total(sites, key)) for key in numbers))
    return Table(
        caption="Subjects by site",
        columns=("Site", "Country", "Screened", "Screen failures", *heads, "Dosed", "Completed", "Discontinued"),
        rows=(*body, total) if len(body) > 1 else tuple(body),
        words=frozenset({1}),
    )
