"""Proposing the layout entry of one sample export."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.profile.columns import propose
from pipelines.profile.sample import Sample, read_sample

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Targets that one column of a file can fill.
_ONCE = {"subject", "usubjid", "site", "visit", "date", "dm.arm", "dm.age", "dm.sex"}
_ITEM = re.compile(r"(.*?)([0-9]+)")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A layout entry as it would stand in the study file, and what a person should look at."""

    entry: dict[str, Any]
    look_at: tuple[str, ...]

    def yaml(self, indent: int = 0) -> str:
        """Returns the entry as YAML, one line a column."""
        lines = [f"- file: {flow(self.entry['file'])}", f"  format: {flow(self.entry['format'])}", "  columns:"]
        lines += [f"    {flow(name)}: {flow(column)}" for name, column in self.entry["columns"].items()]
        return "\n".join(" " * indent + line for line in lines)


def profile(path: Path) -> Proposal:
    """Returns the proposed layout entry of a delimited sample file.

    Raises:
        InputRefusedError: the file is no delimited text with a header.
    """
    sample = read_sample(path)
    columns: dict[str, dict[str, Any]] = {}
    look_at: list[str] = []
    taken: set[str] = set()
    for name, values in sample.columns.items():
        column = propose(name, [value for value in values if value not in sample.missing])
        target = column.get("to")
        if target in taken and target in _ONCE:
            del column["to"]
            look_at.append(f"{name}: looks like '{target}' too, which another column fills already.")
        taken.add(str(target))
        columns[name] = column
        look_at += _remarks(name, column)
    if not taken & {"subject", "usubjid"}:
        look_at.append("No column looks like the subject's key: one must say `to: subject`.")
    form: dict[str, Any] = {"type": "delimited", "delimiter": sample.delimiter, "encoding": sample.encoding}
    if _decimal_comma(sample):
        form["decimal"] = ","
    form["missing"] = list(sample.missing)
    entry = {"file": _DAY.sub("{date}", sample.name, count=1), "format": form, "columns": _spread(columns)}
    return Proposal(entry=entry, look_at=tuple(look_at))


def _remarks(name: str, column: dict[str, Any]) -> list[str]:
    if column.get("class") == "drop":
        return [f"{name}: looks like an identifier, so it is dropped."]
    if column.get("class") == "treatment":
        return [f"{name}: looks like the arm, so it goes to the vault."]
    if column.get("class") == "free_text":
        return [f"{name}: free text, kept in the store and in no table."]
    if "date_order" in column:
        return [f"{name}: is the order of day and month right?"]
    return []


def _decimal_comma(sample: Sample) -> bool:
    numbers = re.compile(r"[+-]?[0-9]+,[0-9]+")
    return sample.delimiter != "," and any(
        numbers.fullmatch(value) for values in sample.columns.values() for value in values
    )


def _spread(columns: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Writes runs of items (`madrs_01` ... `madrs_10`) as one line (`madrs_{01..10}`)."""
    result: dict[str, dict[str, Any]] = {}
    run: list[str] = []

    def close() -> None:
        if len(run) > 2:
            first, last = _split(run[0]), _split(run[-1])
            scale = str(columns[run[0]]["to"]).rpartition(".")[0]
            name = f"{first[0]}{{{first[1]}..{last[1]}}}"
            result[name] = {**columns[run[0]], "to": f"{scale}.{{{int(first[1]):02d}..{int(last[1]):02d}}}"}
        else:
            result.update({name: columns[name] for name in run})
        run.clear()

    for name, column in columns.items():
        if run and not (_follows(run[-1], name) and _scale(columns[run[-1]]) == _scale(column)):
            close()
        if _scale(column) and _split(name)[1]:
            run.append(name)
        else:
            close()
            result[name] = column
    close()
    return result


def _split(name: str) -> tuple[str, str]:
    match = _ITEM.fullmatch(name)
    return (match.group(1), match.group(2)) if match else (name, "")


def _follows(earlier: str, later: str) -> bool:
    (stem, first), (other, second) = _split(earlier), _split(later)
    return stem == other and bool(first) and bool(second) and int(second) == int(first) + 1


def _scale(column: dict[str, Any]) -> str | None:
    target = str(column.get("to", ""))
    is_item = re.fullmatch(r"qs\.[A-Z0-9]+\.[0-9]+", target)
    return f"{target.rpartition('.')[0]} {column['type']}" if is_item else None


def flow(value: Any) -> str:
    """Returns YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text.removesuffix("\n").removesuffix("\n...").strip()
