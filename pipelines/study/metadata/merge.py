"""The columns that metadata gives, under those that the study file says."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.core.hashing import sha256_bytes
from pipelines.study.catalogue import Instrument
from pipelines.study.layout import Column, ExportFile, spread
from pipelines.study.metadata import odm, redcap, sas
from pipelines.study.metadata.fields import Fields, Settings
from pipelines.study.model import Study
from pipelines.study.problem import Problem
from pipelines.study.targets import TargetError, parse_target, value_type

_LARGEST = 64 << 20
_READERS: dict[str, Callable[[bytes, frozenset[str]], Fields]] = {".csv": redcap.read, ".xml": odm.read}
_SUBJECT = {"subject", "usubjid"}
_Where = tuple[str | int, ...]


def metadata_path(study: Study, name: str) -> Path:
    """Returns where a metadata file of the study lies."""
    return study.folder.root / name


def columns_of(path: Path) -> dict[str, Settings]:
    """Returns the columns that a file gives where it is metadata, else none."""
    reader = _READERS.get(path.suffix)
    return reader(path.read_bytes(), frozenset()).columns if reader and path.stat().st_size <= _LARGEST else {}


def with_metadata(study: Study) -> tuple[Study, list[Problem], set[_Where]]:
    """Returns the study with the columns that metadata gives, the problems, and the entries that could not be filled.

    The study knows the SHA-256 of each metadata file from here on, as it was read.
    """
    found: list[Problem] = []
    unfilled: set[_Where] = set()
    hashes: dict[str, str] = {}
    layouts = dict(study.layouts)
    for name, files in study.layouts.items():
        exports = list(files)
        for number, export in enumerate(files):
            where = ("layouts", name, number)
            content = _content(study, export, where, found) if export.metadata else None
            if export.metadata and content is not None:
                hashes[export.metadata] = sha256_bytes(content)
            filled = _filled(study, export, content, where, found)
            if filled is None:
                unfilled.add(where)
            else:
                exports[number] = filled
        layouts[name] = tuple(exports)
    whole = study.model_copy(update={"layouts": layouts})
    whole._metadata = hashes  # noqa: SLF001  (as the folder: given once, when the study is loaded)
    # One file may serve several entries; its own mistakes are told once.
    return whole, list(dict.fromkeys(found)), unfilled


def _filled(
    study: Study, export: ExportFile, content: bytes | None, where: _Where, found: list[Problem]
) -> ExportFile | None:
    """Returns the entry with what its metadata gives; None where that cannot be read."""
    if export.metadata is None:
        return sas.with_codes(export, None, where, found)
    if content is None:
        return None
    if export.metadata.endswith(sas.SUFFIX):
        labels = sas.read(content)
        if not labels:
            text = "no format with labels can be read of it. Is it a catalogue that PROC FORMAT wrote?"
            found.append(Problem((*where, "metadata"), text))
            return None
        if all(column.sas_format is None for column in export.columns.values()):
            text = "no column says which of its formats it has. Write `sas_format` there, or leave the catalogue out."
            found.append(Problem((*where, "metadata"), text))
        return sas.with_codes(export, labels, where, found)
    fields = _fields(export, content, found)
    if not fields.columns:
        return None
    columns = _merged(study, export, fields, where, found)
    return sas.with_codes(export.model_copy(update={"columns": columns}), None, where, found)


def _content(study: Study, export: ExportFile, where: _Where, found: list[Problem]) -> bytes | None:
    name = str(export.metadata)
    path = metadata_path(study, name)
    text = None
    if Path(name).name != name or path.suffix not in {*_READERS, sas.SUFFIX}:
        text = (
            "the name of a file in the study's folder: a REDCap data dictionary (.csv), ODM metadata (.xml) or a SAS "
            f"catalogue ({sas.SUFFIX})."
        )
    elif not path.is_file():
        text = f"{path} is not there. Put the file beside study.yml."
    elif path.stat().st_size > _LARGEST:
        text = f"{path} is larger than {_LARGEST >> 20} MiB: it must hold metadata only."
    elif path.suffix in _READERS and (path.suffix == ".xml") != (export.format.type == "odm"):
        text = "ODM metadata (.xml) goes with `format: {type: odm}`, a REDCap dictionary (.csv) with other formats."
    if text is not None:
        found.append(Problem((*where, "metadata"), text))
        return None
    return path.read_bytes()


def _fields(export: ExportFile, content: bytes, found: list[Problem]) -> Fields:
    name = str(export.metadata)
    told = frozenset(
        one
        for pattern, column in export.columns.items()
        if column.model_fields_set & {"type", "codes"}
        for one in spread(pattern)
    )
    fields = _READERS[Path(name).suffix](content, told)
    for mistake in fields.mistakes:
        # The place is the metadata's own: no line of the study file is wrong.
        text = f"{mistake.field}: {mistake.text}" if mistake.field else mistake.text
        found.append(Problem((), text, place=f"{name}:{mistake.line}"))
    return fields


def _merged(study: Study, export: ExportFile, fields: Fields, where: _Where, found: list[Problem]) -> dict[str, Column]:
    said = _said(export, fields, where, found)
    columns: dict[str, Column] = {}
    # Another column may hold the subject: then the metadata's own key is only a key.
    other_key = any(settings.get("to") in _SUBJECT for name, settings in said.items() if name != fields.key)
    for name in dict.fromkeys([*fields.columns, *said]):
        given, own = dict(fields.columns.get(name, {})), said.get(name, {})
        if name == fields.key and other_key:
            del given["to"], given["required"]
        merged = given | own
        if merged.get("class") == "drop":
            # What is kept in no table is not checked either.
            merged = {key: merged[key] for key in merged if key in {"class", "optional"} or key in own}
        if merged.get("to") in _SUBJECT and "optional" not in own:
            merged.pop("optional", None)
        columns[name] = Column.model_validate(merged | _fitting(given, own, study.scales))
    return columns


def _said(export: ExportFile, fields: Fields, where: _Where, found: list[Problem]) -> dict[str, Settings]:
    """Returns what the study file says of each column, runs of columns (`madrs_{01..10}`) spread out."""
    said: dict[str, Settings] = {}
    for pattern, column in export.columns.items():
        place = (*where, "columns", pattern)
        names = spread(pattern)
        settings = column.model_dump(by_alias=True, exclude_unset=True)
        targets: list[str | None] = [None] * len(names)
        if column.to is not None:
            targets = [*spread(column.to)]
        if len(targets) != len(names):
            found.append(Problem((*place, "to"), "must spread over as many names as the column does."))
            continue
        for name, target in zip(names, targets, strict=True):
            if name not in fields.columns and "type" not in settings:
                near = difflib.get_close_matches(name, fields.columns, n=1)
                remedy = f"Did you mean '{near[0]}'?" if near else "What the export holds besides says its `type`."
                found.append(Problem(place, f"{export.metadata} has no '{name}'. {remedy}"))
                continue
            said[name] = settings | ({} if target is None else {"to": target})
    return said


def _fitting(given: Settings, own: Settings, scales: Mapping[str, Instrument]) -> Settings:
    """Returns the type of a choice whose codes are the numbers that its target takes: the item of a scale."""
    codes = given.get("codes")
    if not codes or "to" not in own or {"type", "codes"} & own.keys() or given.get("type", "text") != "text":
        return {}
    try:
        kind = value_type(parse_target(str(own["to"]), scales))
    except TargetError:
        return {}
    is_whole = all(code.isascii() and code.isdigit() for code in codes)
    return {"type": "integer"} if kind in {"integer", "number"} and is_whole else {}
