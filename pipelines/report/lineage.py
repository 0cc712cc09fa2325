"""Lineage: what each published table is made from, drawn from the catalogue that the cut carries.

Rule    positions follow from the names and the arrows alone: the same models give the same drawing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from pipelines.report.content import Figure, Section, Table
from pipelines.report.dictionary import PUBLISHED, Catalogue

_ROW, _BOX, _LETTER, _PAD, _GAP = 26, 20, 6.7, 10, 44
_SWEEPS = 4

Parents = Mapping[str, tuple[str, ...]]


def sections(tables: Catalogue) -> tuple[Section, ...]:
    """Returns the overview of all published tables, and a drawing for each that is derived."""
    parents = {_name(one): tuple(one["made_from"]) for one in tables}
    published = [one for layer in PUBLISHED for one in tables if one["layer"] == layer]
    return (_overview(published, parents), *(_drawn(one, parents) for one in published if one["made_from"]))


def _name(table: dict[str, Any]) -> str:
    return f"{table['layer']}.{table['name']}"


def ancestors(name: str, parents: Parents, *, beyond_tables: bool = True) -> set[str]:
    """Returns a table and everything that it is made from, directly or not; `beyond_tables`: also by way of others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        if beyond_tables or _is_opened(current, name):
            waiting += parents.get(current, ())
    return found


def _overview(published: Catalogue, parents: Parents) -> Section:
    rows = []
    for one in published:
        behind = sorted(ancestors(_name(one), parents) - {_name(one)})
        cells = (_of_layer(behind, "landed"), _of_layer(behind, "study"), _of_layer(behind, "marts"))
        between = [name for name in behind if name.startswith(("staging.", "intermediate."))]
        rows.append((one["name"], *cells, str(len(between))))
    table = Table(
        caption="What each table is made from",
        columns=("Table", "Delivered records", "Parameters of the study file", "Other tables", "Models between"),
        rows=tuple(rows),
        words=frozenset({1, 2, 3}),
    )
    return Section(
        anchor="overview",
        title="Where the tables come from",
        sentence="From delivered records and the study file, by models that each do one thing.",
        help=(
            "Delivered records are SDTM domains as they landed; parameters are tables of schema study in cut.duckdb.",
            "Where a single row came from, down to the delivered file and row, is what `afterglow trace` shows.",
        ),
        tables=(table,),
    )


def _of_layer(names: list[str], layer: str) -> str:
    return ", ".join(name.partition(".")[2] for name in names if name.startswith(f"{layer}."))


def _drawn(table: dict[str, Any], parents: Parents) -> Section:
    name = _name(table)
    among = ancestors(name, parents, beyond_tables=False)
    own = {one: parents.get(one, ()) if _is_opened(one, name) else () for one in sorted(among)}
    figure = Figure(svg=drawing(own, f"What {table['name']} is made from"), caption=_caption(own))
    return Section(anchor=table["name"], title=table["name"], sentence=table["description"], figures=(figure,))


def _is_opened(one: str, name: str) -> bool:
    # Another table stands for all behind it: it has a drawing of its own.
    return one == name or not one.startswith(PUBLISHED)


def _caption(parents: Parents) -> str:
    return f"{len(parents)} tables, {sum(map(len, parents.values()))} arrows; what stands on the left is made first."


def drawing(parents: Parents, title: str) -> Markup:
    """Returns a drawing of tables and arrows, from left to right."""
    columns = placed(parents)
    widths = [max(len(_label(name)) for name in column) * _LETTER + 2 * _PAD for column in columns]
    lefts = [sum(widths[:place]) + place * _GAP for place in range(len(columns))]
    height = max(map(len, columns)) * _ROW
    at = {
        name: (lefts[place], (height - len(column) * _ROW) / 2 + row * _ROW + _ROW / 2, widths[place])
        for place, column in enumerate(columns)
        for row, name in enumerate(column)
    }
    arrows = [_arrow(at[parent], at[name]) for name in parents for parent in parents[name]]
    boxes = [_box(name, at[name]) for column in columns for name in column]
    width = lefts[-1] + widths[-1]
    return Markup(
        '<svg class="lineage" role="img" width="{width}" height="{height}" viewBox="-2 -2 {outer} {tall}">'
        "<title>{title}</title>{drawn}</svg>"
    ).format(
        width=_number(width + 4), height=_number(height + 4), outer=_number(width + 4), tall=_number(height + 4),
        title=title, drawn=Markup("").join([*arrows, *boxes]),
    )  # fmt: skip


def placed(parents: Parents) -> list[list[str]]:
    """Returns the tables by column: each stands right of all that it is made from, near to its neighbours."""
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max((depth(parent) for parent in parents[name]), default=-1)
        return depths[name]

    for name in parents:
        depth(name)
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    # What has no parents stands beside the first that needs it, so that arrows are short.
    for name in parents:
        if not parents[name] and children[name]:
            depths[name] = min(depths[child] for child in children[name]) - 1
    columns = [sorted(name for name in parents if depths[name] == place) for place in range(max(depths.values()) + 1)]
    for sweep in range(_SWEEPS):
        if sweep % 2 == 0:
            _reorder(columns, parents)
        else:
            _reorder(columns[::-1], children)
    return columns


def _reorder(columns: list[list[str]], beside: Mapping[str, Sequence[str]]) -> None:
    """Moves each table towards the middle of those that it is joined with; names decide between equals."""
    rows = {name: row / len(column) for column in columns for row, name in enumerate(column)}
    for column in columns:
        middles = {
            name: sum(rows[one] for one in beside[name]) / len(beside[name]) if beside[name] else rows[name]
            for name in column
        }
        column.sort(key=lambda name: (round(middles[name], 6), name))
        rows |= {name: row / len(column) for row, name in enumerate(column)}


def _label(name: str) -> str:
    layer, _, table = name.partition(".")
    return table if layer in {"marts", "monitoring", "sdtm", "staging", "intermediate"} else name


def _box(name: str, place: tuple[float, float, float]) -> Markup:
    left, middle, width = place
    layer, _, table = name.partition(".")
    box = Markup(
        '<g class="layer-{layer}"><rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3"/>'
        '<text x="{tx}" y="{ty}">{label}</text></g>'
    ).format(
        layer=layer, x=_number(left), y=_number(middle - _BOX / 2), w=_number(width), h=_BOX,
        tx=_number(left + _PAD), ty=_number(middle + 4), label=_label(name),
    )  # fmt: skip
    anchor = table if layer in PUBLISHED else f"layer-{layer}"
    return Markup('<a href="dictionary.html#{anchor}">{box}</a>').format(anchor=escape(anchor), box=box)


def _arrow(source: tuple[float, float, float], target: tuple[float, float, float]) -> Markup:
    start, end = source[0] + source[2], target[0]
    bend = max(_GAP / 2, (end - start) / 2)
    numbers = (start, source[1], start + bend, source[1], end - bend, target[1], end, target[1])
    return Markup('<path d="M{} {}C{} {} {} {} {} {}"/>').format(*map(_number, numbers))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
