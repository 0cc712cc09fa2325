"""Figures as inline SVG: drawn by Matplotlib without a setting of the machine it runs on."""

from __future__ import annotations

import contextlib
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pipelines.report.survival import Curve
from pipelines.report.svg import ARMS, FAINT, INK, PAPER, inline
from pipelines.report.tables import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipelines.report.comparing import Effect

WIDTH_INCHES = 9.4
MARKERS = ("o", "s", "^", "D")
LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.6)), (0, (6, 2, 1, 2)))
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "afterglow",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "axes.unicode_minus": True,
}


@dataclass(frozen=True, kw_only=True)
class Point:
    """An estimate at one visit; `value` None is a gap."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@contextlib.contextmanager
def _canvas(height: float) -> Iterator[tuple[Figure, Axes]]:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(), warnings.catch_warnings():
        # A label in a script that DejaVu lacks is still text in the page's own font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(WIDTH_INCHES, height), facecolor="none")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_facecolor("none")
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        yield figure, axes


def by_visit(
    name: str, title: str, axis: str, visits: Sequence[tuple[str, str]],
    series: Sequence[tuple[Group, Sequence[Point]]], *, percent: bool,
) -> Markup:  # fmt: skip
    """Draws estimates with intervals at evenly spaced visits (code, label), and n under the axis.

    `name` is unique on its page; a visit whose label is too long for its place is named by its code.
    """
    groups = [group for group, _ in series]
    labels = [_wrapped(label, len(visits)) or code for code, label in visits]
    lines = max(label.count("\n") + 1 for label in labels)
    height = 3.4 + 0.24 * len(series) + 0.17 * lines
    with _canvas(height) as (figure, axes):
        for place, (group, points) in enumerate(series):
            shift = (place - (len(series) - 1) / 2) * 0.12
            _series(axes, group, [index + shift for index in range(len(visits))], points)
        axes.set_xlim(-0.5, len(visits) - 0.5)
        axes.set_xticks(range(len(visits)), labels, fontsize=9 if len(visits) > 8 else 10)
        if percent:
            # A little room below 0, so that a mark on the axis is whole.
            axes.set_ylim(-4, 100)
            axes.set_yticks([0, 25, 50, 75, 100])
            axes.spines["bottom"].set_visible(False)
        else:
            axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_ylabel(axis)
        counts = [(group, [str(point.n) for point in points]) for group, points in series]
        _below(figure, axes, "n", list(range(len(visits))), counts, lines=lines, top=_key(axes, groups, markers=True))
        return inline(figure, name, title)


def _series(axes: Axes, group: Group, places: list[float], points: Sequence[Point]) -> None:
    known = [(x, point) for x, point in zip(places, points, strict=True) if point.value is not None]
    colour, line, marker = _style(group)
    axes.plot(
        [x for x, _ in known], [point.value or 0.0 for _, point in known],
        color=colour, linestyle=line, linewidth=1.6, marker=marker, markersize=6, markeredgecolor=PAPER,
    )  # fmt: skip
    for x, point in known:
        if point.low is not None and point.high is not None:
            axes.plot([x, x], [point.low, point.high], color=colour, linewidth=1.2, solid_capstyle="butt")


def survival(name: str, title: str, axis: str, curves: Sequence[tuple[Group, Curve]]) -> Markup:
    """Draws Kaplan-Meier curves with censoring ticks, and the numbers at risk under the axis."""
    height = 3.8 + 0.24 * len(curves)
    longest = max((curve.ends[-1] for _, curve in curves if curve.ends), default=1.0)
    with _canvas(height) as (figure, axes):
        for group, curve in curves:
            if not curve.n:
                continue
            colour, line, _ = _style(group)
            times = [0.0, *curve.times, curve.ends[-1]]
            shares = [100.0, *(100 * share for share in curve.survival), 100 * curve.survival[-1]]
            axes.step(times, shares, where="post", color=colour, linestyle=line, linewidth=1.8)
            ticks = curve.censored_survival()
            axes.plot(
                [time for time, _ in ticks], [100 * share for _, share in ticks],
                color=colour, linestyle="none", marker="|", markersize=8, markeredgewidth=1.2,
            )  # fmt: skip
        places = _day_ticks(longest)
        axes.set_xlim(0, longest * 1.03)
        axes.set_ylim(0, 103)
        axes.set_yticks([0, 25, 50, 75, 100])
        axes.set_xticks(places, [str(place) for place in places])
        axes.set_xlabel("Days since the start", loc="right")
        axes.set_ylabel(axis)
        counts = [(group, [str(curve.at_risk(place)) for place in places]) for group, curve in curves]
        top = _key(axes, [group for group, _ in curves], markers=False)
        _below(figure, axes, "At risk", places, counts, lines=2, top=top)
        return inline(figure, name, title)


def forest(name: str, title: str, axis: str, effects: Sequence[Effect]) -> Markup:
    """Draws ratios with their intervals on a logarithmic axis, one under the other; a line stands at 1."""
    height = 0.9 + 0.34 * len(effects)
    with _canvas(height) as (figure, axes):
        axes.grid(visible=False)
        for place, effect in enumerate(effects):
            axes.plot([effect.low, effect.high], [place, place], color=INK, linewidth=1.2, solid_capstyle="butt")
            axes.plot([effect.estimate], [place], color=ARMS[0], marker="s", markersize=7, markeredgecolor=PAPER)
        axes.axvline(1, color=INK, linewidth=0.8)
        axes.set_xscale("log")
        axes.set_ylim(len(effects) - 0.5, -0.5)
        axes.set_yticks(range(len(effects)), [effect.name for effect in effects])
        axes.spines["left"].set_visible(False)
        low, high = min(effect.low for effect in effects), max(effect.high for effect in effects)
        ticks = [tick for tick in _RATIOS if min(low, 0.5) <= tick <= max(high, 2)]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel(axis, loc="right")
        left = 0.35 + 0.085 * max(len(effect.name) for effect in effects)
        figure.subplots_adjust(left=left / WIDTH_INCHES, right=0.985, bottom=0.6 / height, top=1 - 0.1 / height)
        return inline(figure, name, title)


def _style(group: Group) -> tuple[str, Any, str]:
    mark = group.mark % len(ARMS)
    return ARMS[mark], LINES[mark], MARKERS[mark]


def _day_ticks(longest: float) -> list[int]:
    step = next((step for step in (1, 2, 7, 14, 28, 56, 84, 182, 364) if longest / step <= 9), 728)
    return list(range(0, int(longest) + 1, step))


def _wrapped(label: str, visits: int) -> str:
    """Returns the label in up to three lines that fit under one of so many visits, or nothing where it does not fit."""
    width = max(8, 72 // visits)
    lines = textwrap.wrap(label, width)
    return "\n".join(lines) if len(lines) <= 3 and all(len(line) <= width for line in lines) else ""


def _below(
    figure: Figure, axes: Axes, word: str, places: Sequence[float], counts: Sequence[tuple[Group, list[str]]],
    *, lines: int, top: float,
) -> None:  # fmt: skip
    """Writes a row of counts for each group under the axis, and sets the margins (inches) that all texts need."""
    height = float(figure.get_size_inches()[1])
    left = max(0.85, 0.35 + 0.075 * max(len(group.short) for group, _ in counts))
    bottom = 0.3 + 0.17 * lines + 0.24 * (len(counts) + 1)
    figure.subplots_adjust(left=left / WIDTH_INCHES, right=0.985, bottom=bottom / height, top=1 - top / height)
    x = -(left - 0.1) / (WIDTH_INCHES * 0.985 - left)
    for row, (group, texts) in enumerate([(None, []), *counts]):
        y = -(0.29 + 0.17 * lines + 0.24 * row) / (height - bottom - top)
        label, colour = (word, INK) if group is None else (group.short, _style(group)[0])
        axes.text(x, y, label, transform=axes.transAxes, color=colour, fontsize=9, va="center", ha="left")
        for place, text in zip(places, texts, strict=False):
            axes.text(
                place, y, text, transform=axes.get_xaxis_transform(), color=INK, fontsize=9, va="center", ha="center"
            )


def _key(axes: Axes, groups: Sequence[Group], *, markers: bool) -> float:
    """Draws the key above the axes, in a row or one under the other, and returns its height in inches."""
    from matplotlib.lines import Line2D

    labels = [group.label if group.short == group.label else f"{group.code}: {group.label}" for group in groups]
    handles = [
        Line2D(
            [], [], color=_style(group)[0], linestyle=_style(group)[1], linewidth=1.8, label=label,
            marker=_style(group)[2] if markers else "", markersize=6, markeredgecolor=PAPER,
        )
        for group, label in zip(groups, labels, strict=True)
    ]  # fmt: skip
    rows = 1 if sum(len(label) + 10 for label in labels) <= 90 else len(labels)
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(labels) if rows == 1 else 1,
        frameon=False, borderaxespad=0.1, handlelength=3.2, columnspacing=2.0,
    )  # fmt: skip
    return 0.22 + 0.21 * rows
