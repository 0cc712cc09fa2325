"""The contract of one kind of file: each of its columns, what is checked on it and what it becomes."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import PurePath

from pipelines.core.hashing import sha256_json
from pipelines.core.source import source_sha256
from pipelines.study import Study
from pipelines.study.domains import DOMAINS, Domain
from pipelines.study.layout import Column, ExportFile, spread
from pipelines.study.sdtm import LEGAL, REVEALING, general, is_verbatim
from pipelines.study.targets import Target, parse_target

_DATE = r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
_PACKED = r"(\.(gz|zip))+"


@dataclass(frozen=True, kw_only=True)
class ColumnRule:
    """One column of a file: its name there, what the study file says of it, and what it becomes (None: text only).

    `may_lack_subject`: its rows need not be about a subject.
    """

    name: str
    column: Column
    target: Target | None
    may_lack_subject: bool = False


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
        if self.domain:
            return [name for name in ("USUBJID",) if self.domain.of_subjects and name not in header]
        declared = self._declared(header)
        return [name for name, rule in declared.items() if name not in header and not rule.column.optional]

    def _declared(self, header: list[str]) -> dict[str, ColumnRule]:
        if self.domain:
            own_site = self.study.sites[self.site].kind == "site"
            rules = (_sdtm_rule(self.domain, name, self.export, own_site=own_site) for name in header)
            return {rule.name: rule for rule in rules if rule is not None}
        declared: dict[str, ColumnRule] = {}
        for pattern, column in self.export.columns.items():
            names = spread(pattern)
            targets = [parse_target(target, self.study.scales) for target in spread(column.to or "") if target]
            for name, target in zip_longest(names, targets):
                declared[name] = ColumnRule(name=name, column=column, target=target)
        return declared

    def expected_name(self, exported_on: str | None) -> str:
        """Returns the name that the layout gives the export of this day."""
        return self.export.file.replace("{date}", exported_on or "")

    @property
    def domain(self) -> Domain | None:
        """The domain of a file that is SDTM already."""
        return DOMAINS[self.export.domain] if self.export.domain else None

    def sensitive(self, header: list[str]) -> bool:
        """Whether the delivered bytes belong in the vault: they tell the arm, are dropped, or hold clear ids."""
        classes = {rule.column.column_class for rule in self.rules(header)}
        return bool(classes & {"treatment", "drop"}) or self.in_vault or self.study.pseudonyms != "none"

    @property
    def in_vault(self) -> bool:
        """Whether its very records tell the arm, so that nothing of them stands outside the vault."""
        return self.domain is not None and self.domain.in_vault


def contract_for(
    study: Study, site: str, file_name: str, stated: Stated | None = None
) -> tuple[Contract, str | None] | None:
    """Returns the contract of the file called `file_name` from `site`, and the export's date from its name (or None).

    `<name>.gz`, `<name>.zip` and the name with `.zip` in place of its suffix are that export, packed. None where no
    export of the site's layout has such a name. The file's name and what a sidecar has `stated` of it are part of the
    contract's key: rows hold the name, so that whatever came first under another one must not stand for it.
    """
    exports = study.exports(site)
    # A name that the layout gives in full goes before one that is only this export packed.
    for packed in (False, True):
        for export in exports:
            if match := _match(export.file, file_name, packed=packed):
                known = stated if export.sidecar else None
                key = sha256_json([_key(study, site, export), file_name, asdict(known) if known else None])
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
            "metadata": study.metadata.get(export.metadata or ""),
            "study": {
                "study": study.study,
                "subject_key": study.subject_key,
                "pseudonyms": study.pseudonyms,
                "blinding": [study.blinding, {code: arm.label for code, arm in study.arms.items()}],
                "quarantine_limit_pct": study.quarantine_limit_pct,
                "sites": sorted(study.trial_sites),
                "visits": [[visit.visit, visit.visitnum, visit.label] for visit in study.visits],
                "scores": {code: sorted(study.scales[code].ranges.items()) for code in study.instruments},
                "units": {
                    code: sorted([marker.unit, *marker.conversions]) for code, marker in study.biomarkers.items()
                },
            },
        }
    )


def _sdtm_rule(domain: Domain, name: str, export: ExportFile, *, own_site: bool) -> ColumnRule | None:
    variable = domain.variable(name.lower())
    fields: dict[str, object] | None = None
    if name == "USUBJID":
        fields = {"class": "pseudonym", "to": "usubjid", "required": domain.of_subjects}
    elif name == "SITEID" and not own_site:
        # A vendor delivers for many sites; what a site delivers is its own.
        fields = {"to": "site"}
    elif name in {"VISIT", "VISITNUM"} and variable is not None and domain.of_subjects:
        fields = {"type": variable.type, "to": variable.name}
    elif name == "BRTHDTC":
        fields = {"class": "drop"}
    elif variable is not None and variable not in domain.hidden and is_verbatim(variable.name, domain.name):
        releasable = variable.name in export.releasable
        fields = {"class": "free_text", "releasable": releasable, "to": f"{domain.name}.{variable.name}"}
    elif variable is not None:
        kind = "treatment" if variable in domain.hidden else "clinical"
        fields = {"class": kind, "type": variable.type, "to": f"{domain.name}.{variable.name}"}
    elif not LEGAL.isdisjoint(names := general(name, domain.name)):
        fields = {"class": "clinical" if REVEALING.isdisjoint(names) else "treatment"}
    if fields is None:
        return None
    column = Column.model_validate(fields)
    target = parse_target(column.to) if column.to else None
    return ColumnRule(name=name, column=column, target=target, may_lack_subject=not domain.of_subjects)
