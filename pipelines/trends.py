"""Trends: each site's metrics over the cuts that were published, oldest first.

Reads   tables/site_metrics.parquet of every published cut
Rule    a cut holds its own figures and never those of another; they are laid side by side here, and a figure is
        compared with the one before it only where metric, version and definition are the same
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipelines.cut import Cut, cuts

if TYPE_CHECKING:
    from pipelines.study import Study

_COLUMNS = (
    "siteid", "metric", "metric_version", "label", "definition", "unit", "n", "value", "expected", "score", "p_value",
    "threshold_amber", "threshold_red", "flag", "flag_reason",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Point:
    """One site's metric in one cut; `is_comparable` with the point before it: the definition is the same."""

    cut_id: str
    published_at: str
    metric_version: str
    definition: str
    n: int
    value: float | None
    expected: float | None
    score: float | None
    p_value: float | None
    threshold_amber: float
    threshold_red: float
    flag: str | None
    flag_reason: str | None
    is_comparable: bool


@dataclass(frozen=True, kw_only=True)
class Trend:
    """One site's metric over the cuts; label and unit are those of the newest."""

    siteid: str
    metric: str
    label: str
    unit: str
    points: tuple[Point, ...]

    @property
    def in_words(self) -> str:
        """`1.20 GREEN > 3.50 AMBER`, oldest first; `|` stands where the definition changed."""
        words = ""
        for point in self.points:
            figure = f"{'-' if point.value is None else f'{point.value:.2f}'} {point.flag or '(not judged)'}"
            between = "" if not words else " > " if point.is_comparable else " | "
            words += between + figure
        return words


@dataclass(frozen=True, kw_only=True)
class TrendsReceipt:
    """All trends, by site and metric; `without` are published cuts that hold no site metrics."""

    study: str
    cuts: tuple[str, ...]
    without: tuple[str, ...]
    trends: tuple[Trend, ...]


def trends(study: Study) -> TrendsReceipt:
    """Returns the site metrics of all published cuts of a study, by the time at which each was published.

    Raises:
        IntegrityError: a published table is damaged or cannot be read.
    """
    from pipelines.core.parquet import read_rows

    published = sorted((_published_at(cut), cut.cut_id, cut) for cut in cuts(study.folder) if cut.seal.exists())
    found: dict[tuple[str, str], Trend] = {}
    without: list[str] = []
    for published_at, cut_id, cut in published:
        path = cut.tables / "site_metrics.parquet"
        if not path.is_file():
            without.append(cut_id)
            continue
        for row in read_rows(path, _COLUMNS):
            key = (row.pop("siteid"), row.pop("metric"))
            label, unit = row.pop("label"), row.pop("unit")
            known = found.get(key, Trend(siteid=key[0], metric=key[1], label=label, unit=unit, points=()))
            point = Point(cut_id=cut_id, published_at=published_at, is_comparable=_same(known.points, row), **row)
            found[key] = replace(known, label=label, unit=unit, points=(*known.points, point))
    return TrendsReceipt(
        study=study.study,
        cuts=tuple(cut_id for _, cut_id, _ in published),
        without=tuple(without),
        trends=tuple(found[key] for key in sorted(found)),
    )


def _published_at(cut: Cut) -> str:
    return str(json.loads(cut.seal.read_bytes())["published_at"])


def _same(points: tuple[Point, ...], row: dict[str, Any]) -> bool:
    if not points:
        return False
    return (points[-1].metric_version, points[-1].definition) == (row["metric_version"], row["definition"])
