"""Export layouts: for each kind of file a site delivers, its format and what every column is.

A column's `to` names what it becomes:
    subject | usubjid | site | visit | visitnum | date | timepoint     the row's own keys
    dm.age, ae.aeterm, ...                                          a variable of an SDTM-shaped domain
    qs.MADRS.01 (an item), qs.MADRS.total                           a score
    vs.SYSBP, lb.CRP, ...                                           a result by its test code
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.study.domains import DOMAINS, domain_of_dataset
from pipelines.study.sdtm import is_verbatim

ROW_TARGETS = ("subject", "usubjid", "site", "visit", "visitnum", "date", "timepoint")
# The keys of clinical data in ODM-XML: where it was collected, and what the transaction is.
ODM_KEYS = (
    *("SubjectKey", "SiteOID", "StudyEventOID", "StudyEventRepeatKey", "FormOID", "FormRepeatKey"),
    *("ItemGroupOID", "ItemGroupRepeatKey", "TransactionType"),
)


class Settings(BaseModel):
    """What every part of a study file is: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Delimited(Settings):
    """A delimited text file. Nothing about it is guessed."""

    type: Literal["delimited"] = "delimited"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "utf-16", "latin-1", "cp1252"] = "utf-8"
    decimal: Literal[".", ","] = "."
    missing: tuple[str, ...] = ("",)


class Xpt(Settings):
    """A SAS transport file (v5 or v8)."""

    type: Literal["xpt"]
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    missing: tuple[str, ...] = ("",)


class Parquet(Settings):
    """A Parquet file of flat columns."""

    type: Literal["parquet"]
    missing: tuple[str, ...] = ("",)


class DatasetJson(Settings):
    """CDISC Dataset-JSON 1.1: as one document, as NDJSON, or as NDJSON compressed (DSJC)."""

    type: Literal["dataset_json"]
    missing: tuple[str, ...] = ("",)


class Xlsx(Settings):
    """A sheet of an Excel workbook: the header stands in the row `header_row`, the data below it."""

    type: Literal["xlsx"]
    sheet: str
    header_row: Annotated[int, Field(ge=1)] = 1
    missing: tuple[str, ...] = ("",)


class Sas7bdat(Settings):
    """A SAS data set. Its header names an encoding, which is `file`; another one overrules it."""

    type: Literal["sas7bdat"]
    encoding: Literal["file", "utf-8", "latin-1", "cp1252"] = "file"
    missing: tuple[str, ...] = ("",)


class Odm(Settings):
    """Clinical data in CDISC ODM-XML 1.3: each item group that was collected is a row, each ItemOID a column."""

    type: Literal["odm"]
    missing: tuple[str, ...] = ("",)


class Sidecar(Settings):
    """A file beside a delivery that states its hash or number of rows; `required`: without it nothing lands."""

    type: Literal["sha256", "md5", "manifest_json", "manifest_csv"]
    required: bool = True


class CodeValue(Settings):
    """What one code of a visit column stands for."""

    visit: str | None = None
    arm: str | None = None


def _codes(value: object) -> object:
    # A list declares the codes that may occur; a mapping also says what each becomes.
    if isinstance(value, list):
        return {str(code): str(code) for code in value}
    if isinstance(value, dict):
        return {str(code): meaning if isinstance(meaning, dict) else str(meaning) for code, meaning in value.items()}
    return value


class Column(Settings):
    """One column of an export.

    `class`: pseudonym (a subject or site key), quasi (age, sex), clinical, free_text, treatment (reveals the arm: goes
    to the vault), drop (kept in no table).
    """

    column_class: Annotated[
        Literal["pseudonym", "quasi", "clinical", "free_text", "treatment", "drop"], Field(alias="class")
    ] = "clinical"
    to: str | None = None
    type: Literal["text", "integer", "number", "date"] = "text"
    unit: str | None = None
    codes: Annotated[dict[str, str | CodeValue] | None, BeforeValidator(_codes)] = None
    sas_format: str | None = None
    range: tuple[float | None, float | None] | None = None
    missing: tuple[str, ...] = ()
    required: bool = False
    optional: bool = False
    releasable: bool = False
    decimal: Literal[".", ","] | None = None
    period: int | None = None
    visit: str | None = None
    timepoint: str | None = None
    date_order: Literal["ymd", "dmy", "mdy"] = "ymd"


def _typed_format(value: object) -> object:
    return {"type": "delimited", **value} if isinstance(value, dict) else value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class ExportFile(Settings):
    """One kind of file in a layout: `{date}` in the pattern is the day on which the export was made.

    `sdtm`: the file is SDTM already. Where it lists several data sets, `{domain}` in the pattern stands for each.
    `metadata` names a file of the study's folder that gives the columns (`pipelines.study.metadata`); `columns` then
    says where they differ, and holds all of them once the study is loaded. A SAS catalogue gives codes alone.
    `releasable`: verbatim variables of such a file (`aeterm`) that may stand in tables.
    """

    file: str
    format: Annotated[
        Delimited | Xpt | Parquet | DatasetJson | Xlsx | Sas7bdat | Odm,
        Field(discriminator="type"),
        BeforeValidator(_typed_format),
    ] = Delimited()
    delivery: Literal["snapshot", "increment"] = "snapshot"
    sidecar: Sidecar | None = None
    constants: dict[str, str] = {}
    metadata: str | None = None
    columns: dict[str, Column] = {}
    sdtm: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    releasable: tuple[str, ...] = ()

    @property
    def sensitive(self) -> bool:
        """Whether its bytes hold what must stay in the vault."""
        return any(column.column_class in {"treatment", "drop"} for column in self.columns.values())

    @property
    def domain(self) -> str | None:
        """The SDTM domain of a file of one data set; None where columns say what the file holds."""
        return domain_of_dataset(self.sdtm[0]) if self.sdtm else None

    @property
    def domains(self) -> frozenset[str]:
        """All domains that it fills."""
        targets = {column.to.split(".")[0] for column in self.columns.values() if column.to}
        delivered = {domain for name in self.sdtm if (domain := domain_of_dataset(name))}
        return frozenset((targets & DOMAINS.keys()) | delivered)

    @property
    def withheld(self) -> frozenset[tuple[str, str]]:
        """The variables, each with its domain, that hold free text which may not stand in tables."""
        targets = {
            target
            for column in self.columns.values()
            if column.column_class == "free_text" and not column.releasable and column.to
            for target in spread(column.to)
        }
        verbatim = {
            (name, variable.name)
            for name in self.domains
            if self.sdtm
            for variable in DOMAINS[name].variables
            if is_verbatim(variable.name, name) and variable not in DOMAINS[name].hidden
        }
        named = {(domain, variable) for domain, _, variable in (target.partition(".") for target in targets)}
        return frozenset(named | {(name, variable) for name, variable in verbatim if variable not in self.releasable})

    @property
    def each(self) -> tuple[ExportFile, ...]:
        """The kinds of file that this stands for: itself, or one for each data set."""
        if not self.sdtm:
            return (self,)
        return tuple(
            self.model_copy(update={"file": self.file.replace("{domain}", name), "sdtm": (name,)}) for name in self.sdtm
        )


_SPREAD = re.compile(r"\{(\d+)\.\.(\d+)\}")


def spread(pattern: str) -> list[str]:
    """Returns `madrs_{01..10}` as `madrs_01 ... madrs_10`; a name without braces as itself alone."""
    match = _SPREAD.search(pattern)
    if match is None:
        return [pattern]
    first, last = match.group(1), match.group(2)
    width = len(first) if first.startswith("0") else 0
    return [
        f"{pattern[: match.start()]}{number:0{width}d}{pattern[match.end() :]}"
        for number in range(int(first), int(last) + 1)
    ]
