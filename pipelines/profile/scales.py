"""Scores of rating scales by the names of their columns: totals, items, and the visit where it stands in the name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipelines.profile.values import Values
from pipelines.profile.visits import visit_of_token
from pipelines.study.catalogue import catalogue
from pipelines.study.instruments import Score as Number

_SCALES = (
    (re.compile(r"madrs"), "MADRS"),
    (re.compile(r"ham_?d_?6(?![0-9])|hdrs_?6(?![0-9])|ham_?d_bech"), "HAMD6"),
    (re.compile(r"ham_?d?_?(tl|tot)?_?17(?![0-9])|hdrs_?17|ham_?d(?![a-z])|hdrs"), "HAMD17"),
    (re.compile(r"phq_?9"), "PHQ9"),
    (re.compile(r"bdi_?(ii)?"), "BDI2"),
    (re.compile(r"cadss"), "CADSS"),
    (re.compile(r"qids(_?sr)?(_?16(?=_)|16(?![0-9]))?"), "QIDS16"),
    (re.compile(r"c_?ssrs"), "CSSRS"),
    (re.compile(r"adas(_?cog)?(_?11(?=_)|11(?![0-9]))?"), "ADAS11"),
    (re.compile(r"cgi_?s(everity)?|cgi(?=[0-9_]|$)"), "CGIS"),
)
_TOTALS = {"total", "tot", "tl", "sum", "score", "sumscore", "totalscore", "totscore", "ts", "gesamt"}
_ITEM = re.compile(r"(?:item|q|i|it)([0-9]{1,2})")
_NUMBER = re.compile(r"[0-9]{1,2}")
_UNIT_APART = re.compile(r"(week|wk|day|month|visit|time|item)_([0-9]+)")


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score that a column holds: an item or (None) the total; the visit that its name tells, if it does."""

    scale: str
    item: int | None = None
    visit: str | None = None
    # Numbers of the name that may be an item or a visit: the file's other columns tell.
    numbers: tuple[int, ...] = ()
    total: bool = False

    @property
    def target(self) -> str:
        """The target in the study file."""
        return f"qs.{self.scale}.{'total' if self.item is None else f'{self.item:02d}'}"


def scores(names: Mapping[str, tuple[str, str]], values: Mapping[str, Values]) -> dict[str, Score]:
    """Returns the scores among a file's columns.

    Args:
        names: each column's name and label, as words joined by underscores.
        values: the columns' values.
    """
    found: dict[str, Score] = {}
    numbered = any(re.search(r"bdi_?[13-9]_", words) for words, _ in names.values())
    for name, (words, label) in names.items():
        if (score := _score(words, numbered=numbered) or _score(label, numbered=numbered)) and values[name].numbers():
            found[name] = score
    for scale in {score.scale for score in found.values()}:
        group = {name: score for name, score in found.items() if score.scale == scale}
        for name, score in _settled(group, values).items():
            if score is None:
                del found[name]
            else:
                found[name] = score
    return found


def _score(words: str, *, numbered: bool) -> Score | None:
    for pattern, scale in _SCALES:
        match = pattern.search(words)
        if match is None:
            continue
        rest = f"{words[: match.start()]}_{words[match.end() :]}".strip("_")
        if scale == "BDI2" and not numbered:
            # `bdi2` is the second edition, unless there is a `bdi1` beside it: then these are visits.
            rest = re.sub(r"^2(?=_|$)", "", rest).strip("_")
        return _parsed(scale, rest)
    return None


def _parsed(scale: str, rest: str) -> Score | None:
    """Returns what the words beside the scale's name say; None where one of them says something else."""
    score = Score(scale=scale)
    for token in filter(None, _UNIT_APART.sub(r"\1\2", rest).split("_")):
        item = _ITEM.fullmatch(token)
        if token in _TOTALS:
            score = replace(score, total=True)
        elif item and score.item is None:
            score = replace(score, item=int(item.group(1)))
        elif _NUMBER.fullmatch(token):
            score = replace(score, numbers=(*score.numbers, int(token)))
        elif score.visit is None and (visit := visit_of_token(token)):
            score = replace(score, visit=visit)
        else:
            return None
    return score if len(score.numbers) <= 2 and not (score.total and score.item) else None


def _settled(group: Mapping[str, Score], values: Mapping[str, Values]) -> dict[str, Score | None]:
    """Decides what the numbers in the names are: items, or visits."""
    items = len(catalogue()[next(iter(group.values())).scale].item_ranges)
    single = {name: score for name, score in group.items() if len(score.numbers) == 1 and not score.item}
    alone = {name: score for name, score in single.items() if not (score.total or score.visit)}
    as_items = all(
        1 <= score.numbers[0] <= items and _fits(replace(score, item=score.numbers[0]), values[name])
        for name, score in alone.items()
    )
    pairs = [score.numbers for score in group.values() if len(score.numbers) == 2]
    # `hamd2_17` is visit 2, item 17; where only the first number goes as far as the items do, it is the item.
    firsts, seconds = ({pair[position] for pair in pairs} or {0} for position in (0, 1))
    second_is_item = not (max(firsts) == items > max(seconds))
    settled: dict[str, Score | None] = {}
    for name, score in group.items():
        numbers = score.numbers
        if name in alone:
            visits = not as_items and len(alone) > 1
            settled[name] = _with(score, visit=numbers[0]) if visits else _with(score, item=numbers[0])
        elif len(numbers) == 1:
            settled[name] = _with(score, visit=numbers[0]) if score.visit is None else _with(score, item=numbers[0])
        elif numbers:
            item, visit = (numbers[1], numbers[0]) if second_is_item else numbers
            settled[name] = _with(score, item=item, visit=visit)
        else:
            settled[name] = score
        settled[name] = _existing(settled[name], items)
    return settled


def _with(score: Score, *, item: int | None = None, visit: int | None = None) -> Score:
    return replace(
        score,
        item=score.item if item is None else item,
        visit=score.visit if visit is None else f"V{visit}",
        numbers=(),
    )


def _existing(score: Score | None, items: int) -> Score | None:
    return score if score and (score.item is None or 1 <= score.item <= items) else None


def allowed(score: Score) -> tuple[Number, Number]:
    """Returns the lowest and highest value that the score may have."""
    instrument = catalogue()[score.scale]
    testcd = instrument.total_testcd if score.item is None else instrument.item_testcd(score.item)
    return instrument.ranges[testcd]


def _fits(score: Score, values: Values) -> bool:
    low, high = allowed(score)
    return all(low <= number <= high or number in {9, 99, 999} for number in values.numbers())
