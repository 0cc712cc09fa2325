"""The study file's typed form.

Every number of a protocol stands in it, each endpoint with the protocol section it comes from. Names follow CDISC
(SDTM, ADaM) and ICH E9(R1).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from pipelines.study.folder import StudyFolder
from pipelines.study.layout import ExportFile, Settings

Identifier = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,31}\z")]
MissingRule = Literal["observed", "locf", "bocf", "nri"]
Strategy = Literal["treatment_policy", "composite", "hypothetical", "while_on_treatment"]


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


class Visit(Settings):
    """A planned visit. `day` and `window` are study days (day 1 = first dose; there is no day 0)."""

    visit: Identifier
    visitnum: float
    label: str
    day: int | None = None
    window: tuple[int, int] | None = None
    baseline: bool = False
    of_period: bool = False
    section: str = ""


class InstrumentUse(Settings):
    """How the study uses a catalogue instrument: which total counts, at which visits it is planned."""

    analysed_total: Literal["items", "collected"] = "items"
    visits: tuple[str, ...] | None = None


class ResponseRule(Settings):
    """Response: a reduction from baseline of at least (strict: more than) this share."""

    min_reduction_pct: Annotated[float, Field(gt=0, le=100)] = 50
    strict: bool = False
    section: str = ""


class RemissionRule(Settings):
    """Remission: a score of at most (strict: less than) this."""

    max_score: float
    strict: bool = False
    section: str = ""


class Endpoint(Settings):
    """One named definition of response and remission on one instrument.

    `visit` is the one that the protocol's question is asked at: the report's first figures are taken there. Without it,
    they are taken at the last visit up to study day 29.
    """

    name: Identifier = "primary"
    instrument: str
    visit: str | None = None
    response: ResponseRule
    remission: RemissionRule


class Estimand(Settings):
    """How intercurrent events count (ICH E9(R1)); events are DSDECOD or CEDECOD values."""

    name: Identifier
    strategy: Strategy = "treatment_policy"
    events: tuple[str, ...] = ()


class RelapseByScore(Settings):
    """A score of at least (strict: above) `min_score` at so many assessments in a row, `days_apart` from each other."""

    min_score: float
    strict: bool = False
    assessments: Annotated[int, Field(ge=1, le=2)] = 2
    days_apart: tuple[int, int] = (5, 15)


class LossOfResponse(Settings):
    """The reduction falls below the response threshold, at one assessment or (`confirmed`) at two in a row."""

    confirmed: bool = False


class Durability(Settings):
    """One time-to-event parameter (ADTTE): from the first response or remission to relapse or loss of response."""

    paramcd: Annotated[str, Field(pattern=r"\A[A-Z][A-Z0-9]{0,7}\z")]
    param: str
    endpoint: str = "primary"
    start: Literal["response", "remission"] = "response"
    relapse: RelapseByScore | None = None
    loss_of_response: LossOfResponse | None = None
    events: tuple[str, ...] = ()
    section: str = ""


class Therapy(Settings):
    """Planned psychotherapy sessions by type, and the integration window in days after a dose."""

    planned: dict[str, int] = {}
    integration_window_days: tuple[int, int] = (1, 3)
    section: str = ""


class Biomarker(Settings):
    """A laboratory analyte: its one analysis unit, and what other units are multiplied by to reach it."""

    label: str
    unit: str
    conversions: dict[str, float] = {}
    lower_limit: float | None = None


class VitalSign(Settings):
    """A vital sign: its unit and the limit above which (strict) or from which on it is an alert."""

    label: str
    unit: str
    alert_above: float | None = None
    strict: bool = True
    section: str = ""


def _named(value: object) -> object:
    # `instruments: [MADRS, PHQ9]` is short for a mapping with defaults.
    return {str(name): {} for name in value} if isinstance(value, list) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def _estimands(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [{"name": entry, "strategy": entry} if isinstance(entry, str) else entry for entry in value]


class Study(Settings):
    """A study file, checked; `folder` is where it lies."""

    study: Identifier
    title: str
    design: Literal["parallel", "crossover", "randomised_withdrawal", "single_arm"]
    blinding: Literal["open", "blinded"]
    signoff: Literal["none", "demo"] | tuple[str, ...]
    simulated: bool = False
    subject_key: Literal["site", "study"] = "site"
    pseudonyms: Literal["none", "vault"] = "none"
    schedule: Schedule = Schedule()
    quarantine_limit_pct: Annotated[float, Field(ge=0, le=100)] = 5
    sites: Annotated[dict[Identifier, Site], Field(min_length=1)]
    arms: Annotated[dict[Identifier, Arm], Field(min_length=1)]
    population: Population = Population()
    visits: Annotated[tuple[Visit, ...], Field(min_length=1)]
    baseline: Literal["visit", "last_before_first_dose"] = "visit"
    tie: Literal["later", "earlier"] = "later"
    instruments: Annotated[dict[str, InstrumentUse], BeforeValidator(_named), Field(min_length=1)]
    endpoints: Annotated[tuple[Endpoint, ...], BeforeValidator(_listed), Field(min_length=1)]
    estimands: Annotated[tuple[Estimand, ...], BeforeValidator(_estimands)] = (Estimand(name="treatment_policy"),)
    missing_rules: Annotated[tuple[MissingRule, ...], Field(min_length=1)] = ("observed",)
    durability: tuple[Durability, ...] = ()
    therapy: Therapy = Therapy()
    biomarkers: dict[str, Biomarker] = {}
    vital_signs: dict[str, VitalSign] = {}
    layouts: Annotated[dict[str, tuple[ExportFile, ...]], Field(min_length=1)]

    _folder: StudyFolder = PrivateAttr()
    _metadata: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def folder(self) -> StudyFolder:
        """The study's folder."""
        return self._folder

    @property
    def metadata(self) -> dict[str, str]:
        """The SHA-256 of each metadata file that its layouts name, as it was read."""
        return self._metadata

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
