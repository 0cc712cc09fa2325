"""The study file's typed form.

Every number of a protocol stands in it, each endpoint with the protocol section it comes from. Names follow CDISC
(SDTM, ADaM) and ICH E9(R1).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from pipelines.core.hashing import sha256_file
from pipelines.study.access import DataLock, Unblinding
from pipelines.study.catalogue import Instrument, with_own
from pipelines.study.dates import PartialDates
from pipelines.study.durability import Durability
from pipelines.study.endpoints import Endpoint, Estimand, Identifier, MissingRule
from pipelines.study.folder import StudyFolder
from pipelines.study.instruments import InstrumentUse
from pipelines.study.layout import ExportFile, Settings
from pipelines.study.measures import Biomarker, Exposure, Therapy, VitalSign
from pipelines.study.monitoring import SiteMetric
from pipelines.study.onset import Onset, Sustained
from pipelines.study.safety import BlindingAssessment, Safety
from pipelines.study.visits import Baseline, DayOne, Protocol, Visit, dated, in_study_days, ruled

# Rules that many entries share, or that have no entry of their own to name a section in.
SharedRule = Literal[
    "baseline", "tie", "population", "visits", "instruments", "estimands", "missing_rules", "biomarkers", "vital_signs"
]


class Schedule(Settings):
    """When the study's DAGs run: cron, or `by_hand`; `on_new_data` for cuts."""

    landing: str = "by_hand"
    cut: str = "on_new_data"
    verify: str = "by_hand"


class Site(Settings):
    """Who delivers: a trial site, or a vendor (central laboratory, randomisation service)."""

    name: str
    country: str = ""
    kind: Literal["site", "vendor"] = "site"
    layout: str
    cadence: Literal["once", "daily", "weekly", "monthly"] = "once"


class Arm(Settings):
    """A treatment arm."""

    label: str
    role: Literal["experimental", "control"]


class Population(Settings):
    """Who is analysed: conditions on `dm` variables and ADSL flags, joined by `and`."""

    analysed: str = "randfl = 'Y'"


def _named(value: object) -> object:
    # `instruments: [MADRS, PHQ9]` is short for a mapping with defaults.
    return {str(name): {} for name in value} if isinstance(value, list) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def _estimands(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [{"name": entry, "strategy": entry} if isinstance(entry, str) else entry for entry in value]


def _missing_rules(value: object) -> object:
    # `locf` is short for {name: locf, rule: locf}; a rule written twice counts once; a name is its rule's unless given.
    if not isinstance(value, list):
        return value
    entries = [{"rule": entry} if isinstance(entry, str) else entry for entry in value]
    named = [{"name": entry["rule"], **entry} if _is_nameless(entry) else entry for entry in entries]
    return [entry for index, entry in enumerate(named) if entry not in named[:index]]


def _is_nameless(entry: object) -> bool:
    return isinstance(entry, dict) and "rule" in entry


class Study(Settings):
    """A study file, checked; `folder` is where it lies."""

    study: Identifier
    title: str
    design: Literal["parallel", "crossover", "randomised_withdrawal", "single_arm"]
    blinding: Literal["open", "blinded"]
    signoff: Literal["none", "demo"] | tuple[str, ...]
    simulated: bool = False
    unblinding: Unblinding = Unblinding()
    data_lock: DataLock = DataLock()
    subject_key: Literal["site", "study"] = "site"
    pseudonyms: Literal["none", "vault"] = "none"
    schedule: Schedule = Schedule()
    quarantine_limit_pct: Annotated[float, Field(ge=0, le=100)] = 5
    sites: Annotated[dict[Identifier, Site], Field(min_length=1)]
    arms: Annotated[dict[Identifier, Arm], Field(min_length=1)]
    population: Population = Population()
    visits: Annotated[tuple[Visit, ...], Field(min_length=1), AfterValidator(in_study_days)]
    protocol: Protocol = Protocol()
    day_one: Annotated[DayOne, BeforeValidator(dated)] = DayOne()
    baseline: Annotated[Baseline, BeforeValidator(ruled)] = Baseline()
    tie: Literal["later", "earlier"] = "later"
    partial_dates: PartialDates = PartialDates()
    instruments: Annotated[dict[str, InstrumentUse], BeforeValidator(_named), Field(min_length=1)]
    endpoints: Annotated[tuple[Endpoint, ...], BeforeValidator(_listed), Field(min_length=1)]
    estimands: Annotated[tuple[Estimand, ...], BeforeValidator(_estimands)] = (Estimand(name="treatment_policy"),)
    missing_rules: Annotated[tuple[MissingRule, ...], BeforeValidator(_missing_rules), Field(min_length=1)] = (
        MissingRule(name="observed", rule="observed"),
    )
    onset: tuple[Onset, ...] = ()
    sustained: tuple[Sustained, ...] = ()
    durability: tuple[Durability, ...] = ()
    therapy: Therapy = Therapy()
    exposure: Exposure = Exposure()
    biomarkers: dict[str, Biomarker] = {}
    vital_signs: dict[str, VitalSign] = {}
    safety: Safety = Safety()
    blinding_assessments: tuple[BlindingAssessment, ...] = ()
    monitoring: dict[str, SiteMetric] = {}
    sections: dict[SharedRule, str] = {}
    layouts: Annotated[dict[str, tuple[ExportFile, ...]], Field(min_length=1)]

    _folder: StudyFolder = PrivateAttr()
    _metadata: dict[str, str] = PrivateAttr(default_factory=dict)
    _file_sha256: str = PrivateAttr(default="")

    @property
    def folder(self) -> StudyFolder:
        """The study's folder."""
        return self._folder

    @property
    def metadata(self) -> dict[str, str]:
        """The SHA-256 of each metadata file that its layouts name, as it was read."""
        return self._metadata

    @property
    def file_sha256(self) -> str:
        """The SHA-256 of the study file as it was read: what a cut names, whatever becomes of the file meanwhile."""
        # One that was made of no file, and given a folder, has the file there.
        return self._file_sha256 or sha256_file(self._folder.study_file)

    @cached_property
    def scales(self) -> Mapping[str, Instrument]:
        """Every instrument by its code: the catalogue's as this study has them, and its own."""
        return with_own(self.instruments)

    @property
    def name(self) -> str:
        """The folder's name: what the command line and the DAGs call the study."""
        return self._folder.root.name

    def exports(self, site: str) -> tuple[ExportFile, ...]:
        """Returns every kind of file that a site delivers."""
        return tuple(one for export in self.layouts[self.sites[site].layout] for one in export.each)

    @property
    def delivered_domains(self) -> frozenset[str]:
        """The domains that some layout fills."""
        return frozenset(name for files in self.layouts.values() for one in files for name in one.domains)

    @property
    def trial_sites(self) -> dict[str, Site]:
        """Sites that enrol subjects (vendors left out)."""
        return {key: site for key, site in self.sites.items() if site.kind == "site"}

    def visits_after_baseline(self, endpoint: str) -> tuple[Visit, ...]:
        """Returns the visits at which an endpoint is judged, in their order: those planned for its instrument.

        In a crossover only the visits of its periods. Empty where the study has no such endpoint.
        """
        instruments = [each.instrument for each in self.endpoints if each.name == endpoint]
        use = self.instruments.get(instruments[0]) if instruments else None
        if use is None:
            return ()
        baseline = max((visit.visitnum for visit in self.visits if visit.baseline), default=0.0)
        planned = [
            visit
            for visit in self.visits
            if visit.visitnum > baseline
            and (use.visits is None or visit.visit in use.visits)
            and (visit.of_period or self.design != "crossover")
        ]
        return tuple(sorted(planned, key=lambda visit: visit.visitnum))

    def visits_of(self, sustained: Sustained) -> tuple[Visit, ...]:
        """Returns the visits at which a definition of sustained response asks for it, in their order."""
        planned = self.visits_after_baseline(sustained.endpoint)
        if sustained.visits is not None:
            return tuple(visit for visit in planned if visit.visit in sustained.visits)
        names = [visit.visit for visit in planned]
        end = names.index(sustained.to_visit) + 1 if sustained.to_visit in names else len(names)
        if sustained.last_visits is not None:
            return planned[max(0, end - sustained.last_visits) : end]
        start = names.index(sustained.from_visit) if sustained.from_visit in names else 0
        return planned[start:end]
