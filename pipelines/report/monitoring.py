"""Site monitoring: which sites stand out in which metric, with the figure and what it stands on; nothing by arm."""

from __future__ import annotations

from collections import Counter

from pipelines.report.content import Fold, Record, Section, Table
from pipelines.report.formats import GAP, MISSING, count, number, plain, text
from pipelines.report.tables import CutData

_FLAGS = ("RED", "AMBER", "GREEN")
# Said once for each metric on the page, and in the table of every row.
_WORDS = ("studyid", "definition", "method")
_JUDGED = {"score": "score", "value": "value", "p_value": "p-value", "numerator": "number"}


def section(data: CutData) -> tuple[Section | None, list[Record]]:
    """Returns the flags of each site and every figure behind them; None where no metric is in use."""
    rows = data.rows("select * from site_metrics order by siteid, metric")
    if not rows:
        return None, []
    flags = Counter(row["flag"] for row in rows)
    sites = {row["siteid"] for row in rows if row["flag"] == "RED"}
    named = "site has" if len(sites) == 1 else "sites have"
    return Section(
        anchor="site-monitoring",
        title="Site monitoring",
        sentence=(
            f"{count(len(sites))} {named} a red flag: {count(flags['RED'])} red and {count(flags['AMBER'])} amber flags"
            f" among {count(flags.total() - flags[None])} figures that could be judged."
        ),
        help=(
            (
                "Each metric lays a site beside the whole study. A flag is a question to the site, not a fault: with"
                " many sites and metrics some stand out by chance. A score is in standard errors. The p-value of"
                " adverse events is simulated, that of digit preference a chi-square test's. No figure is by arm."
            ),
            (
                "Earlier cuts keep their own figures, definitions and thresholds: `afterglow trends` lays published"
                " cuts side by side, and compares only figures of the same definition."
            ),
        ),
        tables=(_by_site(data, rows),),
        folds=(
            Fold(
                summary="Every metric: its definition, its thresholds, and the figure of each site",
                tables=tuple(_of_metric(data, rows, name) for name in dict.fromkeys(row["metric"] for row in rows)),
            ),
        ),
        sources=("site_metrics",),
    ), [{name: value for name, value in row.items() if name not in _WORDS} for row in rows]


def _by_site(data: CutData, rows: list[Record]) -> Table:
    lines = []
    for siteid in dict.fromkeys(row["siteid"] for row in rows):
        mine = [row for row in rows if row["siteid"] == siteid]
        flags = Counter(row["flag"] for row in mine)
        graver = sorted(
            (row for row in mine if row["flag"] in {"RED", "AMBER"}), key=lambda row: _FLAGS.index(row["flag"])
        )
        lines.append(
            (
                data.site_label(siteid), *(count(flags[flag]) for flag in _FLAGS), count(flags[None]),
                "; ".join(_conspicuous(row) for row in graver) or MISSING,
            )
        )  # fmt: skip
    return Table(
        caption="Flags by site",
        columns=("Site", "Red", "Amber", "Green", "Not judged", "What stands out"),
        rows=tuple(lines),
        words=frozenset({5}),
    )


def _conspicuous(row: Record) -> str:
    expected = f", study {_figure(row['expected'])}" if row["expected"] is not None else ""
    return f"{row['label']} {_figure(row['value'])}{GAP}{row['unit']} ({row['flag'].lower()}{expected})"


def _of_metric(data: CutData, rows: list[Record], metric: str) -> Table:
    mine = [row for row in rows if row["metric"] == metric]
    first = mine[0]
    section_ = f" Section {first['section']}." if first["section"] else ""
    tolerated = f" Below {plain(first['tolerated_value'])} tolerated." if first["tolerated_value"] is not None else ""
    return Table(
        caption=f"{first['label']}, {first['unit']}",
        columns=("Site", "n", "Site's figure", "Study", "Score", "p", "Flag"),
        rows=tuple(
            (
                data.site_label(row["siteid"]), count(row["n"]), _figure(row["value"]), _figure(row["expected"]),
                number(row["score"], 2), number(row["p_value"], 3), text((row["flag"] or row["flag_reason"]).lower()),
            )
            for row in mine
        ),
        words=frozenset({6}),
        notes=(
            f"{first['definition']}. {first['method']}. Version {first['metric_version']}; n counts {first['n_unit']}.",
            (
                f"Judged by {_JUDGED[first['judged_by']]}, {first['direction']}:"
                f" amber {plain(first['threshold_amber'])}, red {plain(first['threshold_red'])}.{tolerated}{section_}"
            ),
        ),
    )  # fmt: skip


def _figure(value: float | None) -> str:
    return number(value, 2)
