"""Methods and inputs: every parameter with the value used, every input with its hash, versions, definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.report import durability_rules, safety_rules
from pipelines.report.content import Record, Section, Table
from pipelines.report.definitions import onset_parameters
from pipelines.report.formats import MISSING, count, plain, short, text
from pipelines.report.instruments import scoring
from pipelines.report.response import STRATEGIES, criterion, rule_in_words
from pipelines.report.tables import CutData
from pipelines.report.timing import timing_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.study.model import Study

_DEFINITIONS = (
    (
        "Response, remission",
        "Whether the score at a visit meets the study file's criterion; evaluated on unrounded values.",
    ),
    ("Proportion", "Reached / in the denominator, with the Wilson score interval (scipy.stats.binomtest), 95 %."),
    ("Difference of proportions", "Newcombe's hybrid score interval for independent groups (1998, method 10), 95 %."),
    (
        "Mean change",
        "Arithmetic mean of value minus baseline, with the t interval of the mean (95 %); exactly rounded sums.",
    ),
    (
        "Kaplan-Meier",
        "scipy.stats.ecdf on right-censored times, log-log limits (95 %); the median's interval inverts them.",
    ),
    (
        "Turnbull",
        "greenwood.Turnbull, the maximum likelihood estimate for times known only between two assessments (1976).",
    ),
    (
        "Number needed to treat",
        "1 / risk difference, limits from Newcombe's interval; none where that holds 0 (Altman 1998).",
    ),
    (
        "Common odds ratio",
        "Mantel-Haenszel over sites; Cochran-Mantel-Haenszel test without continuity correction (statsmodels).",
    ),
    (
        "Analysis of covariance",
        "Least squares on arm, baseline and site; t interval, residual degrees of freedom (statsmodels).",
    ),
    ("Hazard ratio", "Cox model on arm, ties by Efron's method, Wald interval (greenwood.CoxPH)."),
    (
        "Restricted mean",
        "Area under the Kaplan-Meier curve up to the shorter arm's last day; normal interval (greenwood.rmst_test).",
    ),
    (
        "Logistic regression",
        "Maximum likelihood, Wald intervals (statsmodels); fitted only with ten of the rarer outcome a term.",
    ),
    ("Log-rank test", "scipy.stats.logrank, two-sided, unstratified, for two independent groups."),
    ("Median, quartiles", "Inclusive method: the quartiles of the observed values, interpolated linearly."),
    (
        "Cut",
        "A pure function of deliveries, study file, code and blinding; its id is the SHA-256 of inputs.json.",
    ),
)


def sections(data: CutData) -> tuple[Section, ...]:
    """Returns the sections of the page, in order."""
    return (_parameters(data), _visits(data), _definitions(), _inputs(data), _versions(data))


def _parameters(data: CutData) -> Section:
    table = Table(
        caption="Parameters",
        columns=("Parameter", "Value used", "Protocol section"),
        rows=tuple(parameters(data.study)),
        words=frozenset({1, 2}),
    )
    return Section(
        anchor="parameters",
        title="Parameters",
        sentence="What published trials disagree on, and what this study file says.",
        help=(
            "Every number of the protocol stands in the study file (study.yml); none is in the code.",
            "The endpoint, estimand and missing-data rule that the study file lists first are the primary ones.",
        ),
        tables=(table,),
    )


def parameters(study: Study) -> list[tuple[str, str, str]]:
    """Returns (parameter, value, section) for every protocol number the report rests on."""
    rows = [
        ("Design", study.design.replace("_", " "), ""),
        ("Analysed population", study.population.analysed, ""),
        *timing_parameters(study),
    ]
    rows += scoring(study)
    for endpoint in study.endpoints:
        name = endpoint.name.replace("_", " ")
        for measure, rule in (("response", endpoint.response), ("remission", endpoint.remission)):
            words = criterion(endpoint, measure).split(" (protocol section", 1)[0]
            rows.append((f"Endpoint {name}, {measure}", words, rule.section))
    for estimand in study.estimands:
        events = f"; events: {', '.join(estimand.events)}" if estimand.events else ""
        rows.append((f"Estimand {estimand.name.replace('_', ' ')}", f"{STRATEGIES[estimand.strategy]}{events}", ""))
    rows += [
        (f"Missing data: {rule.name.replace('_', ' ')}", rule_in_words(rule), rule.section)
        for rule in study.missing_rules
    ]
    rows += onset_parameters(study)
    rows += durability_rules.parameters(study)
    if study.therapy.planned:
        planned = ", ".join(f"{kind.lower()} {n}" for kind, n in study.therapy.planned.items())
        low, high = study.therapy.integration_window_days
        rows.append(("Planned therapy sessions", planned, study.therapy.section))
        rows.append(("Integration window", f"days {low} to {high} after a dose", study.therapy.section))
    for code, marker in study.biomarkers.items():
        limit = f"; lower limit of quantification {plain(marker.lower_limit)}" if marker.lower_limit is not None else ""
        factors = "".join(f"; 1 {unit} = {plain(factor)} {marker.unit}" for unit, factor in marker.conversions.items())
        rows.append((f"Biomarker {code}", f"{marker.label}, {marker.unit}{factors}{limit}", ""))
    rows += safety_rules.parameters(study)
    rows.append(("Quarantine limit of a delivery", f"{plain(study.quarantine_limit_pct)} % of its rows", ""))
    return [(name, value, text(section)) for name, value, section in rows]


def _visits(data: CutData) -> Section:
    table = Table(
        caption="Planned visits",
        columns=("Visit", "Label", "Day", "Window", "Kind", "Protocol section"),
        rows=tuple(
            (
                visit.visit, visit.label, MISSING if visit.day is None else str(visit.day),
                f"{visit.window[0]} to {visit.window[1]}" if visit.window else MISSING,
                "baseline" if visit.baseline else "of each period" if visit.of_period else "planned",
                text(visit.section),
            )
            for visit in data.study.visits
        ),
        words=frozenset({1, 4, 5}),
    )  # fmt: skip
    return Section(
        anchor="visits",
        title="Visits and windows",
        sentence="Which day each visit is planned for, and which days count for it.",
        help=("Study days: day 1 is the first dose and there is no day 0. Visits of each period count from its dose.",),
        tables=(table,),
    )


def _definitions() -> Section:
    table = Table(caption="Definitions", columns=("Word", "Meaning"), rows=_DEFINITIONS, words=frozenset({1}))
    return Section(
        anchor="definitions",
        title="Statistical methods",
        sentence="How each kind of number was made.",
        help=("Numbers are rounded only for show, half to even; report/statistics.json holds them with more digits.",),
        tables=(table,),
    )


def _unblinding(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    opened = inputs.get("unblinding")
    if not opened:
        return []
    return [
        ("Lineage", "unblinded"),
        ("Unblinding", opened["id"]),
        ("Unblinded cut of", opened["cut_id"]),
        ("Sites whose arms are shown", ", ".join(opened["scope"]) or "all"),
    ]


def _inputs(data: CutData) -> Section:
    inputs = data.inputs
    identity = Table(
        caption="What this cut is made of",
        columns=("Input", "Value"),
        rows=(
            ("Cut id (SHA-256 of inputs.json)", data.cut_id),
            ("Study file, SHA-256", text(inputs.get("study_file_sha256"))),
            *((f"{name}, SHA-256", sha256) for name, sha256 in sorted(inputs.get("metadata_sha256", {}).items())),
            ("Code, SHA-256", text(inputs.get("code_sha256"))),
            ("Blinded", "yes" if data.blinded else "no"),
            *_unblinding(inputs),
            ("As known on", text(inputs.get("as_of"))),
            ("Data cutoff", text(inputs.get("data_cutoff"))),
        ),
        words=frozenset({1}),
        hashes=frozenset({1}),
    )
    rows: list[Record] = sorted(inputs["deliveries"], key=lambda row: (row["siteid"], row["file"], row["delivery_id"]))
    deliveries = Table(
        caption="Deliveries with hashes",
        columns=("From", "File", "SHA-256", "Landing key", "Used", "Rows", "Quarantined"),
        rows=tuple(
            (
                text(row["siteid"]), text(row["file"]), text(row["delivery_id"]), short(row["landing_key"]),
                "yes" if row["current"] else "no", count(row["rows_in"]), count(row["rows_quarantined"]),
            )
            for row in rows
        ),
        grouped=True,
        words=frozenset({4}),
        hashes=frozenset({1, 2, 3}),
    )  # fmt: skip
    return Section(
        anchor="inputs",
        title="Inputs",
        sentence="The bytes behind every number, by their hashes.",
        help=("The same inputs give the same cut, byte for byte; `afterglow verify` hashes everything again.",),
        tables=(identity, deliveries),
    )


def _versions(data: CutData) -> Section:
    versions: dict[str, str] = data.inputs.get("versions", {})
    table = Table(
        caption="Versions",
        columns=("Package", "Version"),
        rows=tuple((name, text(version)) for name, version in sorted(versions.items())),
        words=frozenset({1}),
    )
    return Section(
        anchor="versions",
        title="Versions",
        sentence="The software that made this cut.",
        tables=(table,),
    )
