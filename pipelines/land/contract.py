"""The contract of one kind of file: each of its columns, what is checked on it and what it becomes."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import PurePath

from pipelines.core.hashing import sha256_json
from pipelines.core.source import source_sha256
from pipelines.study import Study
from pipelines.study.domains import DOMAINS
from pipelines.study.layout import Column, ExportFile, spread
from pipelines.study.targets import Target, parse_target

# SDTM variables that a domain may carry beside those that landing maps: kept as text. `--` stands for the domain.
_PERMISSIBLE = frozenset(
    [
        "STUDYID",
        "DOMAIN",
        "VISIT",
        "VISITNUM",
        "SITEID",
        "INVID",
        "INVNAM",
        "EPOCH",
        "VISITDY",
        "TAETORD",
        "AGEU",
        "ARMCD",
        "ACTARMCD",
        "ACTARMUD",
        "ARMNRS",
        "SPDEVID",
        "RFXSTDTC",
        "RFXENDTC",
        "RFPENDTC",
        "DTHFL",
        "DMDTC",
        "DMDY",
        "--SEQ",
        "--GRPID",
        "--REFID",
        "--SPID",
        "--LNKID",
        "--LNKGRP",
        "--CAT",
        "--SCAT",
        "--ORRESU",
        "--STRESC",
        "--STRESU",
        "--BLFL",
        "--DRVFL",
        "--LOBXFL",
        "--REASND",
        "--REPNUM",
        "--TPTNUM",
        "--ELTM",
        "--TPTREF",
        "--RFTDTC",
        "--DY",
        "--STDY",
        "--ENDY",
        "--DUR",
        "--LOC",
        "--LLT",
        "--LLTCD",
        "--PTCD",
        "--HLT",
        "--HLTCD",
        "--HLGT",
        "--HLGTCD",
        "--BODSYS",
        "--BDSYCD",
        "--SOC",
        "--SOCCD",
        "--PATT",
        "--SCAN",
        "--SCONG",
        "--SDISAB",
        "--SDTH",
        "--SHOSP",
        "--SLIFE",
        "--SOD",
        "--SMIE",
        "--CONTRT",
        "--DTC",
        "--STRF",
        "--ENRF",
        "--STRTPT",
        "--STTPT",
        "--ENRTPT",
        "--ENTPT",
        "--DECOD",
        "--OCCUR",
        "--PRESP",
        "--STAT",
        "--DOSFRM",
        "--DOSFRQ",
        "--LOT",
        "--ADJ",
        "--NAM",
        "--METHOD",
        "--SPEC",
        "--TPT",
        "--POS",
    ]
)
# A lot or a device is given to one arm only; why somebody has none tells of the others.
_REVEALING = frozenset({"ARMCD", "ACTARMCD", "ACTARMUD", "ARMNRS", "SPDEVID", "--LOT"})
_DATE = r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
_PACKED = r"(\.(gz|zip))+"


@dataclass(frozen=True, kw_only=True)
class ColumnRule:
    """One column of a file: its name there, what the study file says of it, and what it becomes (None: text only)."""

    name: str
    column: Column
    target: Target | None


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What a sidecar states of one delivered file; `broken` says why it states nothing."""

    sidecar: str
    sidecar_sha256: str
    sha256: str | None = None
    md5: str | None = None
    rows: int | None = None
    broken: str = ""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a delivered file of this kind must be; `key` changes with anything that could change the landed rows."""

    study: Study
    site: str
    export: ExportFile
    key: str
    stated: Stated | None = None

    def rules(self, header: list[str]) -> list[ColumnRule]:
        """Returns the rule of every column of `header`, in its order.

        Columns the contract does not know get no rule; see `undeclared` and `missing`.
        """
        declared = self._declared(header)
        return [declared[name] for name in header if name in declared]

    def undeclared(self, header: list[str]) -> list[str]:
        """Returns the columns of `header` that the contract does not know."""
        declared = self._declared(header)
        return [name for name in header if name not in declared]

    def missing(self, header: list[str]) -> list[str]:
        """Returns the columns that the contract asks for and `header` lacks."""
        if self.export.sdtm:
            return [name for name in ("USUBJID",) if name not in header]
        return [name for name in self._declared(header) if name not in header]

    def _declared(self, header: list[str]) -> dict[str, ColumnRule]:
        if self.export.sdtm:
            rules = (_sdtm_rule(self.export.sdtm, name) for name in header)
            return {rule.name: rule for rule in rules if rule is not None}
        declared: dict[str, ColumnRule] = {}
        for pattern, column in self.export.columns.items():
            names = spread(pattern)
            targets = [parse_target(target) for target in spread(column.to)] if column.to else []
            for name, target in zip_longest(names, targets):
                declared[name] = ColumnRule(name=name, column=column, target=target)
        return declared

    def expected_name(self, exported_on: str | None) -> str:
        """Returns the name that the layout gives the export of this day."""
        return self.export.file.replace("{date}", exported_on or "")

    @property
    def sensitive(self) -> bool:
        """Whether the delivered bytes belong in the vault: they tell the arm, are dropped, or hold clear ids."""
        return self.export.sensitive or self.export.sdtm in {"dm", "ex"} or self.study.pseudonyms != "none"


def contract_for(
    study: Study, site: str, file_name: str, stated: Stated | None = None
) -> tuple[Contract, str | None] | None:
    """Returns the contract of the file called `file_name` from `site`, and the export's date from its name (or None).

    `<name>.gz`, `<name>.zip` and the name with `.zip` in place of its suffix are that export, packed. None where no
    export of the site's layout has such a name. What a sidecar has `stated` of the file is part of the contract's key.
    """
    exports = study.layouts[study.sites[site].layout]
    # A name that the layout gives in full goes before one that is only this export packed.
    for packed in (False, True):
        for export in exports:
            if match := _match(export.file, file_name, packed=packed):
                key = _key(study, site, export)
                known = stated if export.sidecar else None
                if known is not None:
                    key = sha256_json([key, asdict(known)])
                contract = Contract(study=study, site=site, export=export, key=key, stated=known)
                return contract, match.groupdict().get("date")
    return None


def _match(layout_name: str, file_name: str, *, packed: bool) -> re.Match[str] | None:
    def pattern(name: str) -> str:
        return re.escape(name).replace(re.escape("{date}"), _DATE)

    if not packed:
        return re.fullmatch(pattern(layout_name), file_name)
    # Packed twice is known here too, so that it is refused for what it is.
    return re.fullmatch(pattern(layout_name) + _PACKED, file_name) or re.fullmatch(
        pattern(layout_name.removesuffix(PurePath(layout_name).suffix)) + r"\.zip", file_name
    )


def _key(study: Study, site: str, export: ExportFile) -> str:
    return sha256_json(
        {
            "code": source_sha256("land", "study", "core"),
            "site": site,
            "export": export.model_dump(mode="json", by_alias=True),
            "study": {
                "study": study.study,
                "subject_key": study.subject_key,
                "pseudonyms": study.pseudonyms,
                "blinding": [study.blinding, {code: arm.label for code, arm in study.arms.items()}],
                "quarantine_limit_pct": study.quarantine_limit_pct,
                "sites": sorted(study.trial_sites),
                "visits": [[visit.visit, visit.visitnum, visit.label] for visit in study.visits],
                "units": {
                    code: sorted([marker.unit, *marker.conversions]) for code, marker in study.biomarkers.items()
                },
            },
        }
    )


def _sdtm_rule(domain_name: str, name: str) -> ColumnRule | None:
    domain = DOMAINS[domain_name]
    variable = domain.variable(name.lower())
    fields: dict[str, object] | None = None
    if name == "USUBJID":
        fields = {"class": "pseudonym", "to": "usubjid", "required": True}
    elif name in {"VISIT", "VISITNUM"} and variable is not None:
        fields = {"type": variable.type, "to": variable.name}
    elif name == "BRTHDTC":
        fields = {"class": "drop"}
    elif variable is not None:
        kind = "treatment" if variable.treatment else "clinical"
        fields = {"class": kind, "type": variable.type, "to": f"{domain_name}.{variable.name}"}
    elif not _PERMISSIBLE.isdisjoint(names := {name, name.replace(domain_name.upper(), "--", 1)}):
        fields = {"class": "clinical" if _REVEALING.isdisjoint(names) else "treatment"}
    if fields is None:
        return None
    column = Column.model_validate(fields)
    return ColumnRule(name=name, column=column, target=parse_target(column.to) if column.to else None)
