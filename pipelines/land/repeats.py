"""Records that stand twice: with equal values one of them counts, with other values nobody can tell which is right."""

from __future__ import annotations

import numpy as np

from pipelines.land.coding import Flags, Numbers
from pipelines.land.quarantine import Quarantine
from pipelines.land.records import Records, Selected
from pipelines.land.rows import Rows


def drop_repeats(
    records: Records, rows: Rows, quarantine: Quarantine, superseded: Flags | None, *, numbered: bool
) -> bool:
    """Sets aside rows that give one record two values (Q_DUP), and keeps the first of equal ones.

    `numbered`: a number of the records themselves (`aeseq`) may tell them apart. Returns whether there were equal ones.
    """
    domain, number = records.domain, f"{records.domain.name}seq"
    # Variables that hold nothing tell nothing apart.
    key = [name for name in ["usubjid", *domain.key] if records.is_filled(name)]
    # SDTM tells records by their number where nothing else does. Not so items of a score: they would add up twice.
    if numbered and domain.name != "qs" and domain.variable(number) and number not in key and records.is_filled(number):
        key.append(number)
    key = key or [domain.variables[0].name]
    # A transaction that a later one of the file restates is no second value.
    found = list(records.selections(quarantine.good if superseded is None else quarantine.good & ~superseded))
    keys = records.keys(key, found)
    ordered = np.sort(keys)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(again):
        return False
    others = [one.name for one in domain.variables if one.name not in {*key, number}]
    concerned = np.isin(keys, again)
    selected = _concatenated(found, concerned)
    keys = keys[concerned]
    contents = records.keys(others, [selected])
    order = np.argsort(keys, kind="stable")
    keys, contents, places = keys[order], contents[order], records.place(selected)[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    group = np.cumsum(np.concatenate([[True], keys[1:] != keys[:-1]])) - 1
    differs = np.zeros(len(first), bool)
    np.logical_or.at(differs, group, contents != contents[first][group])
    named = next((name for name in ("visit", domain.date) if name in domain.key), None)
    column = rows.named(domain.name, named) if named else None
    quarantine.set_aside(selected.rows[order][differs[group]], column, "Q_DUP")
    is_first = np.zeros(len(keys), bool)
    is_first[first] = True
    records.dropped = places[~differs[group] & ~is_first]
    return bool((~differs).any())


def _concatenated(found: list[Selected], wanted: Numbers) -> Selected:
    rows = np.concatenate([selected.rows for selected in found])[wanted]
    return Selected(rows, np.concatenate([selected.parts for selected in found])[wanted])
