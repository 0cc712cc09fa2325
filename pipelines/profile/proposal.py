"""A proposed layout entry, and how it is written into a study file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBERED = re.compile(r"(.*?)([0-9]+)")
# A run shorter than this is as easily read line by line.
_SHORTEST_RUN = 3
_LONGEST_COMMENT = 100


@dataclass(frozen=True, kw_only=True)
class PlannedVisit:
    """A visit as the study file has it."""

    visit: str
    label: str
    visitnum: float


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A layout entry as it would stand in the study file, and what a person should look at.

    `comments` has for a column what stands beside it in the file: its label, and a TODO where it wants looking at.
    `visits`, `arms`, `scales` and `sites` are those that a file which is SDTM already names in its rows.
    """

    entry: dict[str, Any]
    comment: str = ""
    comments: dict[str, str] = field(default_factory=dict)
    look_at: tuple[str, ...] = ()
    visits: tuple[PlannedVisit, ...] = ()
    arms: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """The columns' settings; none for a file that is SDTM already."""
        columns: dict[str, dict[str, Any]] = self.entry.get("columns", {})
        return columns

    @property
    def has_subject(self) -> bool:
        """Whether it says where the subject's key stands."""
        told = not {"sdtm", "metadata"}.isdisjoint(self.entry)
        return told or any(it.get("to") in {"subject", "usubjid"} for it in self.columns.values())

    def with_columns(self, columns: dict[str, dict[str, Any]]) -> Proposal:
        """Returns the proposal with other settings of the same columns."""
        return replace(self, entry=self.entry | {"columns": columns})

    def yaml(self, indent: int = 0) -> str:
        """Returns the entry as YAML, one line a column."""
        first = [
            f"- file: {flow(self.entry['file'])}{_comment(self.comment)}",
            f"  format: {flow(self.entry['format'])}",
        ]
        if "sdtm" in self.entry:
            lines = [*first, f"  sdtm: {flow(self.entry['sdtm'])}"]
        else:
            todo = (
                ""
                if self.has_subject
                else _comment("TODO no column says `to: subject`: which one holds the subject's key?")
            )
            if "metadata" in self.entry:
                first.append(f"  metadata: {flow(self.entry['metadata'])}")
            lines = [*first, f"  columns:{todo}"] if self.columns else first
            lines += [
                f"    {flow(name)}: {flow(column)}{_comment(self.comments.get(name, ''))}"
                for name, column in self.columns.items()
            ]
        return "\n".join(" " * indent + line for line in lines)


def exported_name(file: str) -> str:
    """Returns the file's name for a layout: `{date}` in place of the day on which it was exported."""
    return _DAY.sub("{date}", file, count=1)


def flow(value: Any) -> str:
    """Returns YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _comment(text: str) -> str:
    # A label is the file's own text: on one line, and no longer than the line can bear.
    plain = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    shown = plain if len(plain) <= _LONGEST_COMMENT else plain[: _LONGEST_COMMENT - 3] + "..."
    return f"  # {shown}" if shown else ""


def folded(
    columns: dict[str, dict[str, Any]], comments: dict[str, str]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Writes runs of columns (`madrs_01` ... `madrs_10`) as one line (`madrs_{01..10}`), where they are alike."""
    result: dict[str, dict[str, Any]] = {}
    told: dict[str, str] = {}
    run: list[str] = []

    def close() -> None:
        if len(run) >= _SHORTEST_RUN:
            (stem, first), (_, last) = _split(run[0]), _split(run[-1])
            name, column = f"{stem}{{{first}..{last}}}", dict(columns[run[0]])
            if "to" in column:
                scale, _, start = str(column["to"]).rpartition(".")
                column["to"] = f"{scale}.{{{start}..{str(columns[run[-1]]['to']).rpartition('.')[2]}}}"
            result[name] = column
            texts = {comments.get(member, "") for member in run}
            told[name] = texts.pop() if len(texts) == 1 else comments.get(run[0], "")
        else:
            result.update({name: columns[name] for name in run})
            told.update({name: comments.get(name, "") for name in run})
        run.clear()

    for name, column in columns.items():
        if run and not (_follows(run[-1], name) and _likeness(columns[run[-1]]) == _likeness(column)):
            close()
        if _likeness(column) and _split(name)[1]:
            if run and not _item_follows(columns[run[-1]], column):
                close()
            run.append(name)
        else:
            close()
            result[name] = column
            told[name] = comments.get(name, "")
    close()
    return result, {name: text for name, text in told.items() if text}


def _split(name: str) -> tuple[str, str]:
    match = _NUMBERED.fullmatch(name)
    return (match.group(1), match.group(2)) if match else (name, "")


def _follows(earlier: str, later: str) -> bool:
    (stem, first), (other, second) = _split(earlier), _split(later)
    if not (stem == other and first and second and int(second) == int(first) + 1):
        return False
    # `{01..10}` writes all numbers as wide as the first, `{1..10}` none.
    return len(first) == len(second) if first.startswith("0") else not second.startswith("0")


def _likeness(column: dict[str, Any]) -> str | None:
    """Returns what the columns of a run have in common; None for a column that stands for itself."""
    target = str(column.get("to", ""))
    item = re.fullmatch(r"(qs\.[A-Z0-9]+)\.[0-9]+", target)
    if target and not item:
        return None
    rest = {key: value for key, value in column.items() if key != "to"}
    return f"{item.group(1) if item else ''} {flow(rest)}"


def _item_follows(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    if "to" not in later:
        return True
    first, second = (int(str(column["to"]).rpartition(".")[2]) for column in (earlier, later))
    return second == first + 1
