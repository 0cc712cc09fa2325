"""Proposing the layout entries of one sample export."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.core.errors import InputRefusedError
from pipelines.profile.columns import Proposed, normalised, propose
from pipelines.profile.metadata import metadata_of, metadata_proposal
from pipelines.profile.proposal import Proposal, exported_name, folded
from pipelines.profile.sample import Description, Sample, read_samples
from pipelines.profile.scales import scores
from pipelines.profile.sdtm import sdtm_proposal
from pipelines.profile.values import Values, counted, decimal_mark, missing_codes
from pipelines.study.metadata import SAS_CATALOGUE

# Targets that one column of a file can fill, and the names that go before others where several would.
_ONCE = {
    **dict.fromkeys(("subject", "usubjid", "site", "dm.arm", "dm.age", "dm.sex"), re.compile("")),
    **dict.fromkeys(("dm.race", "dm.ethnic", "dm.country", "dm.dx", "dm.rficdtc", "dm.dthdtc"), re.compile("")),
    **{f"vs.{test}": re.compile("") for test in ("WEIGHT", "HEIGHT", "BMI", "SYSBP", "DIABP", "PULSE")},
    "subject": re.compile(r"usubj|subj|partic|patient|record|study_id"),
    "visit": re.compile(r"^(?!.*(num|nr|no)$).*(visit|event|session|time)"),
    "date": re.compile(r"visit|assess|exam|interview|session|done|seen"),
    "ex.exstdtc": re.compile("st|first|dose"),
}
_MOST_NAMED = 6
# In fewer rows any column may happen to repeat nothing.
_FEWEST = 5
_BASELINE_VALUE = re.compile(r"bas(e(line)?)?_?(val(ue)?|score|total)?|bl_?(val(ue)?|score|total)?")


def profile(path: Path) -> tuple[Proposal, ...]:
    """Returns the proposed layout entries of a sample file: one, or of a workbook one for each sheet with data.

    Raises:
        InputRefusedError: landing would refuse the file whatever its layout; the message has the reason code.
    """
    if path.suffix.lower() == SAS_CATALOGUE:
        msg = f"{path}: a SAS catalogue is no export. Where it lies beside a data set, it gives that one's codes."
        raise InputRefusedError(msg)
    metadata = metadata_of(path)
    if metadata:
        return (metadata_proposal(metadata),)
    samples = read_samples(path)
    proposals = [sdtm_proposal(sample) or _columns_proposal(sample) for sample in samples]
    if len(samples) > 1:
        remark = "Landing takes one sheet of a workbook: keep the entry that is meant, and ask for the others as files."
        proposals[0] = replace(proposals[0], look_at=(remark, *proposals[0].look_at))
    return tuple(proposals)


def _columns_proposal(sample: Sample) -> Proposal:
    counts = {name: counted(sample.table[name]) for name in sample.table.column_names}
    missing = missing_codes(counts.values())
    present = {
        name: {value: rows for value, rows in seen.items() if value not in missing and value != ""}
        for name, seen in counts.items()
    }
    decimal = decimal_mark(present.values()) if sample.form["type"] == "delimited" else "."
    values = {name: Values(counts=seen, decimal=decimal) for name, seen in present.items()}
    described = {name: sample.described.get(name, Description()) for name in values}
    words = {name: (normalised(name), normalised(described[name].label)) for name in values}
    found = scores(words, values)
    proposed = {name: propose(name, values[name], described[name], found.get(name)) for name in values}
    proposed = _subject_by_values(proposed, values, sample.table.num_rows)
    proposed = _baseline_column(_each_once(proposed, values), words)
    columns = {name: column.settings for name, column in proposed.items()}
    comments = {name: _comment(described[name], column) for name, column in proposed.items()}
    columns, comments = folded(columns, comments)
    look_at = [*sample.remarks, *_told(proposed)]
    if not {"subject", "usubjid"} & {column.get("to") for column in columns.values()}:
        look_at.append("No column looks like the subject's key: one must say `to: subject`.")
    form = sample.form | ({"decimal": ","} if decimal == "," else {})
    form |= {"missing": list(missing)} if missing != ("",) else {}
    entry = {"file": exported_name(sample.file), "format": form, "columns": columns}
    return Proposal(entry=entry, comment=sample.label, comments=comments, look_at=tuple(look_at))


def _comment(described: Description, column: Proposed) -> str:
    shown = f"({described.format})" if described.format and not described.format.startswith("$") else ""
    todo = f"TODO {'; '.join(column.todos)}" if column.todos else ""
    label = " ".join(filter(None, [described.label, shown]))
    return "; ".join(filter(None, [label, *column.notes, todo]))


def _told(proposed: dict[str, Proposed]) -> list[str]:
    """Returns each remark once, with the columns that it is about."""
    about: dict[str, list[str]] = {}
    for name, column in proposed.items():
        for remark in (*column.notes, *column.todos):
            about.setdefault(remark, []).append(name)
    more = {remark: len(names) - _MOST_NAMED for remark, names in about.items()}
    return [
        f"{', '.join(names[:_MOST_NAMED])}{f' and {more[remark]} more' if more[remark] > 0 else ''}: {remark}."
        for remark, names in about.items()
    ]


def _each_once(proposed: dict[str, Proposed], values: dict[str, Values]) -> dict[str, Proposed]:
    """Leaves a target that one column of a file can fill to one column: the best by its name, else the first."""
    result = dict(proposed)
    for target, preferred in _ONCE.items():
        holders = [name for name, column in proposed.items() if column.settings.get("to") == target]
        best = next((name for name in holders if preferred.search(normalised(name))), (holders or [""])[0])
        for name in holders:
            if name != best:
                settings = {
                    key: value for key, value in proposed[name].settings.items() if key not in {"to", "required"}
                }
                remark = f"looks like '{target}' too, which {best} fills"
                result[name] = Proposed(
                    settings=settings, notes=(*proposed[name].notes, remark), todos=proposed[name].todos
                )
    # One key is enough: the subject's whole name, unless it is empty where the number is not (an item of one form).
    rows = {column.settings.get("to"): values[name].rows for name, column in result.items()}
    if "usubjid" in rows and "subject" in rows:
        dropped = "subject" if rows["usubjid"] >= rows["subject"] else "usubjid"
        for name, column in result.items():
            if column.settings.get("to") == dropped:
                result[name] = Proposed(settings={"class": "pseudonym"}, notes=column.notes)
    return result


def _subject_by_values(proposed: dict[str, Proposed], values: dict[str, Values], rows: int) -> dict[str, Proposed]:
    """Takes the first column for the subject's key where none is named so and each of its values stands once."""
    if any(column.settings.get("to") in {"subject", "usubjid"} for column in proposed.values()):
        return proposed
    name = next(iter(proposed))
    kind = proposed[name].settings
    key = (
        rows >= _FEWEST
        and len(values[name].counts) == rows
        and kind.get("class") in {None, "free_text"}
        and "to" not in kind
    )
    if not key or kind.get("type") in {"number", "date"}:
        return proposed
    remark = "no column is named like the subject's key; this one, the first, has a value of its own in each row"
    return proposed | {name: Proposed(settings={"class": "pseudonym", "to": "subject"}, todos=(remark,))}


def _baseline_column(proposed: dict[str, Proposed], words: dict[str, tuple[str, str]]) -> dict[str, Proposed]:
    """Takes a column that says no more than `baseline` for the baseline of the file's one total."""
    totals = {str(column.settings["to"]) for column in proposed.values() if _is_total(column.settings)}
    if len(totals) != 1:
        return proposed
    total = totals.pop()
    result = dict(proposed)
    for name, (name_words, _) in words.items():
        settings = proposed[name].settings
        if (
            _BASELINE_VALUE.fullmatch(name_words)
            and settings.get("type") in {"integer", "number"}
            and "to" not in settings
        ):
            remark = f"taken for the baseline of {total.split('.')[1]}"
            result[name] = Proposed(settings=settings | {"to": total, "visit": "BASELINE"}, todos=(remark,))
    return result


def _is_total(settings: dict[str, Any]) -> bool:
    return str(settings.get("to", "")).startswith("qs.") and str(settings["to"]).endswith(".total")
