"""A sample export, read by landing's own readers with what its bytes suggest: format, encoding, delimiter, sheet.

Rule    what landing would refuse is no sample: the reason is landing's own, and holds no value
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.core.errors import InputRefusedError
from pipelines.land.contract import Contract
from pipelines.land.readers import read_text_rows
from pipelines.land.readers.child import parse_in_child
from pipelines.land.receipts import RefusedError
from pipelines.profile import described
from pipelines.profile.form import opened, type_of
from pipelines.profile.text_head import DELIMITERS, ENCODINGS, delimiter_of, encoding_remark, head
from pipelines.study import Study, load_study
from pipelines.study.layout import ODM_KEYS, ExportFile, Settings

# Tried in this order; the last takes any bytes.
_ENCODINGS: dict[str, tuple[str, ...]] = {
    "xpt": ENCODINGS,
    "sas7bdat": ("file", "cp1252", "latin-1"),
}
# Readers work for a study: its vault is where a parser's result lies until it is read.
_STUDY = """\
{study: PROFILE, title: A sample, design: single_arm, blinding: open, signoff: none, sites: {S: {name: S, layout: s}},
 arms: {A: {label: A, role: experimental}}, visits: [{visit: B, visitnum: 0, label: B, baseline: true}],
 instruments: [MADRS], endpoints: {instrument: MADRS, response: {}, remission: {max_score: 10}},
 layouts: {s: [{file: f, sdtm: dm}]}}
"""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a file says of one of its columns."""

    label: str = ""
    format: str = ""
    codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One table of a sample: the file's name for a layout, its form, its rows as text, what it says of itself."""

    file: str
    form: dict[str, Any]
    table: pa.Table
    dataset: str = ""
    label: str = ""
    described: dict[str, Description] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _AnyColumns(Contract):
    """A contract that takes any column: nothing is declared yet."""

    def undeclared(self, header: list[str]) -> list[str]:  # noqa: ARG002
        return []

    def missing(self, header: list[str]) -> list[str]:  # noqa: ARG002
        return []


class _Asked(Settings):
    """What is asked of a file about itself."""

    type: str
    encoding: str = ""
    catalogue: str = ""


def read_samples(path: Path) -> list[Sample]:
    """Returns the tables of a sample file: one, or of a workbook one for each sheet that holds data.

    Raises:
        InputRefusedError: landing would refuse the file whatever its layout; the message has the reason code.
    """
    if not path.is_file():
        msg = f"{path}: this is no regular file."
        raise InputRefusedError(msg)
    with tempfile.TemporaryDirectory(prefix="afterglow-profile-") as name:
        folder = Path(name)
        (folder / "study.yml").write_text(_STUDY)
        reading = _Reading(study=load_study(folder), sample=path)
        try:
            with opened(path, folder) as (file, content):
                return reading.tables(file, content)
        except RefusedError as refusal:
            msg = f"{path}: {refusal}"
            raise InputRefusedError(msg) from None


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A sample being read, for a study of its own in a temporary folder."""

    study: Study
    sample: Path

    def tables(self, file: str, content: Path) -> list[Sample]:
        with content.open("rb") as source:
            start = source.read(512)
        if not start:
            raise RefusedError("F_EMPTY")
        kind = type_of(start, file)
        if kind == "delimited":
            return [self._delimited(file, content)]
        if kind == "xlsx":
            return self._sheets(file, content)
        form, table, remarks = self._decoded(kind, content)
        return [self._described(file, form, table, content, remarks)]

    def _read(self, form: dict[str, Any], content: Path, columns: tuple[str, ...] = ()) -> pa.Table:
        export = ExportFile.model_validate({"file": "f", "format": form, "columns": {name: {} for name in columns}})
        contract = _AnyColumns(study=self.study, site="S", export=export, key="")
        return read_text_rows(content, contract).table

    def _ask(self, content: Path, **asked: str) -> list[tuple[str, str, str]]:
        contract = _AnyColumns(study=self.study, site="S", export=ExportFile(file="f"), key="")
        answer = parse_in_child(described.__name__, content, contract, _Asked(**asked)).table
        return [(row["what"], row["name"], row["text"]) for row in answer.to_pylist()]

    def _decoded(self, kind: str, content: Path) -> tuple[dict[str, Any], pa.Table, tuple[str, ...]]:
        if kind == "odm":
            items = tuple(name for what, name, _ in self._ask(content, type=kind) if what == "column")
            table = self._read({"type": kind}, content, (*ODM_KEYS, *items))
            used = [
                name for name in table.column_names if name not in ODM_KEYS or any(table[name].unique().to_pylist())
            ]
            if not used:
                raise RefusedError("F_NO_CLINICAL_DATA", "Nothing was collected.")
            return {"type": kind}, table.select(used), ()
        encodings = _ENCODINGS.get(kind, ("",))
        for encoding in encodings:
            form = {"type": kind} | ({"encoding": encoding} if encoding else {})
            try:
                table = self._read(form, content)
            except RefusedError as refusal:
                if refusal.code != "F_ENCODING" or encoding == encodings[-1]:
                    raise
                continue
            return form, table, encoding_remark(encoding, encodings[0])
        raise RefusedError("F_ENCODING")

    def _described(
        self, file: str, form: dict[str, Any], table: pa.Table, content: Path, remarks: tuple[str, ...]
    ) -> Sample:
        catalogue = _catalogue(self.sample) if form["type"] in {"xpt", "sas7bdat"} else ""
        said = self._ask(content, type=form["type"], encoding=form.get("encoding", ""), catalogue=catalogue)
        names = table.column_names
        texts = {what: {name: text for kind, name, text in said if kind == what} for what in ("label", "format")}
        codes: dict[str, dict[str, str]] = {}
        for what, name, text in said:
            if what == "code":
                code, meaning = described.code_of(text)
                codes.setdefault(name, {})[code] = meaning
        dataset = next(((name, text) for what, name, text in said if what == "dataset"), ("", ""))
        return Sample(
            file=file,
            form=form,
            table=table,
            dataset=dataset[0],
            label=dataset[1],
            described={
                name: Description(
                    label=texts["label"].get(name, ""),
                    format=texts["format"].get(name, ""),
                    codes=codes.get(name, {}),
                )
                for name in names
            },
            remarks=remarks,
        )

    def _sheets(self, file: str, content: Path) -> list[Sample]:
        found: list[Sample] = []
        refused: list[str] = []
        refusal = RefusedError("F_HEADER", "No sheet has a header and a row of data.")
        for _, sheet, row in self._ask(content, type="xlsx"):
            form = {"type": "xlsx", "sheet": sheet, "header_row": int(row)}
            try:
                table = self._read(form, content)
            except RefusedError as error:
                refusal = error
                refused.append(f"Sheet {sheet!a}: landing would refuse it. {error}")
            else:
                remark = f"Sheet {sheet!a}: its header was found in row {row}."
                found.append(Sample(file=file, form=form, table=table, remarks=(remark,)))
        if not found:
            raise refusal
        remarks = (*found[0].remarks, *refused)
        return [Sample(**{**vars(found[0]), "remarks": remarks}), *found[1:]]

    def _delimited(self, file: str, content: Path) -> Sample:
        text, encoding, remarks = head(content)
        start = content.with_name("head")
        start.write_bytes(text.encode(encoding))
        form = {"type": "delimited", "delimiter": delimiter_of(text), "encoding": encoding}
        table = self._read(form, start)
        if table.num_columns < 2:
            raise RefusedError("F_DIALECT", f"No delimiter parts its lines; tried: {DELIMITERS}.")
        return Sample(file=file, form=form, table=table, remarks=remarks)


def _catalogue(sample: Path) -> str:
    """Returns the path of the one SAS catalogue beside the sample; `formats.sas7bcat` goes before others."""
    beside = sorted(path for path in sample.resolve().parent.glob("*.sas7bcat") if path.is_file())
    named = [path for path in beside if path.stem == "formats"]
    chosen = named or beside
    return str(chosen[0]) if len(chosen) == 1 else ""
