"""Trace: from one row of a table back to the rows that sites delivered.

Reads   a cut (the published one, else the newest), the landed rows behind it, the delivered bytes' hashes
Writes  nothing
Rule    it shows values of one subject, to whoever asks, and writes them nowhere; never the arm of a blinded cut, a row
        of the vault, withheld text or a clear identifier
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from pipelines.core.errors import UsageError
from pipelines.cut import check_unblinded, find_cut, latest_cut, published_cut
from pipelines.study import Study
from pipelines.trace.chain import TraceReceipt, Values
from pipelines.trace.derived import derived_step
from pipelines.trace.opened import OpenCut, opened

# What a study plans, and so no value of a subject: an error may name it.
_PLANNED = ("endpoint", "paramcd", "avisit", "aperiod", "estimand", "missing_rule")
_MOST_CHOICES = 30
# One answer in several variants: the table that lists them, the study file's first one first.
_VARIANTS = {"endpoint": "endpoints", "estimand": "estimands", "missing_rule": "missing_rules"}


def trace(
    study: Study,
    table: str,
    *,
    usubjid: str | None = None,
    filters: Mapping[str, str] | None = None,
    cut: str | None = None,
) -> TraceReceipt:
    """Follows one row of a table back to its delivered rows.

    Args:
        study: the study.
        table: a published table.
        usubjid: the subject; every table of subjects asks for it.
        filters: values of further columns, as text; `null` for none.
        cut: a cut's id or its first digits; by default the published cut, else the newest.

    Returns:
        The chain; where several rows are left, the columns in which they differ instead. Of endpoints, estimands and
        missing-data rules the first of the study file is taken where none is named, and `assumed` says so.

    Raises:
        UsageError: there is no such table, column or row, or no subject was named.
        NotAllowedError: the cut shows the arms of a blinded study, and two signers have not opened them.
        IntegrityError: the cut or the landed files were changed since they were written.
    """
    current = published_cut(study.folder)
    chosen = find_cut(study, cut) if cut else current or latest_cut(study)
    check_unblinded(study, chosen)
    wanted = ({"usubjid": usubjid} if usubjid else {}) | dict(filters or {})
    with opened(study, chosen) as open_cut:
        rows, assumed = _first_of_study(open_cut, _matching(open_cut, table, wanted), wanted)
        single = derived_step(open_cut, table, rows[0]) if len(rows) == 1 else None
        return TraceReceipt(
            study=study.study,
            cut_id=chosen.cut_id,
            published=chosen in {current, published_cut(study.folder, unblinded=True)},
            blinded=bool(chosen.inputs["blinded"]),
            table=table,
            filters=dict(wanted),
            assumed=assumed,
            matched=len(rows),
            choices={} if single else _choices(open_cut, table, rows),
            row=single,
            wrong=tuple(open_cut.wrong),
        )


def _matching(cut: OpenCut, table: str, wanted: Mapping[str, str]) -> list[Values]:
    columns = cut.columns(table)
    if unknown := [name for name in wanted if name not in columns]:
        msg = f"{table} has no column {', '.join(unknown)}. It has {', '.join(columns)}."
        raise UsageError(msg)
    if "usubjid" in columns and "usubjid" not in wanted:
        msg = f"{table} holds subjects: name one with --usubjid."
        raise UsageError(msg)
    subject = [wanted["usubjid"]] if "usubjid" in wanted else []
    rows = cut.rows(f"select * from {cut.scan(table)}{' where usubjid = ?' if subject else ''}", subject)
    if not rows:
        msg = f"{cut.study.name}: {table} of cut {cut.cut.short_id} has no row of this subject."
        raise UsageError(msg)
    for name, value in wanted.items():
        left = [row for row in rows if _is(row[name], value)]
        if not left:
            raise UsageError(_nothing(table, name, rows))
        rows = left
    return rows


def _first_of_study(cut: OpenCut, rows: list[Values], wanted: Mapping[str, str]) -> tuple[list[Values], dict[str, str]]:
    """Returns the rows of the study file's first endpoint, estimand and missing-data rule, where none was named."""
    assumed: dict[str, str] = {}
    for name, parameters in _VARIANTS.items():
        if name in wanted or name not in rows[0]:
            continue
        for one in cut.parameters(parameters):
            first = [row for row in rows if row[name] == one[name]]
            if first and len(first) < len(rows):
                rows, assumed[name] = first, str(one[name])
            if first:
                break
    return rows, assumed


def _is(value: object, wanted: str) -> bool:
    if value is None:
        return wanted == "null"
    if isinstance(value, bool):
        return str(value).lower() == wanted.lower()
    if isinstance(value, int | float):
        try:
            return float(wanted) == float(value)
        except ValueError:
            return False
    return str(value) == wanted


def _nothing(table: str, name: str, rows: Sequence[Values]) -> str:
    sentence = f"{table} has no row that also has this {name}."
    if name in _PLANNED:
        sentence += f" Of {name} there is {', '.join(_distinct(rows, name))}."
    return sentence


def _choices(cut: OpenCut, table: str, rows: Sequence[Values]) -> dict[str, tuple[str, ...]]:
    """Returns the columns of the table's grain in which the rows differ, else every such column."""
    grain = [name for name in cut.grain(table) if name in rows[0]] or list(rows[0])
    found = {name: _distinct(rows, name) for name in grain}
    differing = {name: values for name, values in found.items() if len(values) > 1}
    if not differing:
        differing = {name: values for name in rows[0] if len(values := _distinct(rows, name)) > 1}
    return {name: values[:_MOST_CHOICES] for name, values in differing.items()}


def _distinct(rows: Sequence[Values], name: str) -> tuple[str, ...]:
    values = dict.fromkeys(_told(row[name]) for row in rows)
    return tuple(values)


def _told(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, dt.date) else str(value)
