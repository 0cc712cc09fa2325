"""The validation package as a page: deviations, IQ, OQ with the traceability matrix, controls, PQ, signatures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.report.content import Fold, Section, Table
from pipelines.report.pages import render
from pipelines.validate.controls import ControlResult
from pipelines.validate.installation import Installation
from pipelines.validate.operation import OUTCOMES, TestResult, by_requirement
from pipelines.validate.performance import Trial
from pipelines.validate.requirements import Requirement
from pipelines.validate.soaks import SoakResult

PARTS = (
    ("deviations", "Deviations"),
    ("iq", "IQ"),
    ("oq", "OQ: traceability"),
    ("controls", "Controls switched off"),
    ("pq", "PQ"),
    ("signatures", "Signatures"),
)


@dataclass(frozen=True, kw_only=True)
class Package:
    """All that was found; `made_at` is UTC."""

    made_at: str
    installation: Installation
    requirements: tuple[Requirement, ...]
    tests: tuple[TestResult, ...]
    controls: tuple[ControlResult, ...]
    trials: tuple[Trial, ...]
    soaks: tuple[SoakResult, ...]
    deviations: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """PASSED, or DEVIATIONS where there is one: whoever is responsible assesses them."""
        return "DEVIATIONS" if self.deviations else "PASSED"


def page(package: Package, *, sha256: str) -> str:
    """Returns the package as one page; `sha256` is that of the same content as JSON."""
    sections = (_deviations, _installation, _operation, _controls, _performance, _signatures)
    return render(
        "qualification.html",
        None,
        package=package,
        sha256=sha256,
        badge_of="FAIL" if package.deviations else "PASS",
        parts=PARTS,
        facts=(
            ("Version", package.installation.afterglow),
            ("Source, SHA-256", package.installation.code_sha256[:12]),
            ("Made (UTC)", package.made_at),
        ),
        sections=tuple(make(package, anchor, label) for make, (anchor, label) in zip(sections, PARTS, strict=True)),
    )


def _deviations(package: Package, anchor: str, title: str) -> Section:
    rows = tuple((str(number), sentence) for number, sentence in enumerate(package.deviations, start=1))
    return Section(
        anchor=anchor,
        title=title,
        sentence="What failed, was skipped, is untested or is installed otherwise. Skipped is not passed."
        if rows
        else "None: everything was tried and ended as it should.",
        tables=(_words("Deviations", ("No.", "Deviation"), rows),) if rows else (),
    )


def _installation(package: Package, anchor: str, title: str) -> Section:
    found = package.installation
    facts = (
        ("Afterglow", found.afterglow),
        ("Source, SHA-256", found.code_sha256),
        ("Commit", found.commit or "no git here"),
        ("uv.lock, SHA-256", found.lock_sha256),
        ("Python", found.python),
        ("System", found.system),
    )
    packages = tuple((each.name, each.version, " or ".join(each.locked) or "not in it") for each in found.packages)
    return Section(
        anchor=anchor,
        title=f"{title}: what is installed",
        sentence=f"{len(found.packages)} packages were held against the lock file.",
        tables=(_words("Installation", ("What", "Found"), facts),),
        folds=(
            Fold(summary="All packages", tables=(_words("Packages", ("Package", "Version", "Lock file"), packages),)),
        ),
    )


def _operation(package: Package, anchor: str, title: str) -> Section:
    matrix = by_requirement(package.tests)
    tested = [each for each in package.requirements if not each.duty]
    duties = [each for each in package.requirements if each.duty]
    rows = tuple((each.id, each.text, each.source, *_counted(matrix.get(each.id, []))) for each in tested)
    tally = Counter(result.outcome for result in package.tests)
    return Section(
        anchor=anchor,
        title=title,
        sentence=f"{len(package.tests):,d} tests of {len(tested)} requirements: "
        + ", ".join(f"{tally[outcome]:,d} {outcome}" for outcome in OUTCOMES)
        + ".",
        tables=(
            _words("Requirements", ("Id", "Requirement", "Source", "Passed", "Failed", "Skipped"), rows, words=3),
            *_soaks(package.soaks),
            *(
                [
                    _words(
                        "Duties that stay with the organisation",
                        ("Id", "Duty", "Source", "Whose"),
                        tuple((each.id, each.text, each.source, each.duty) for each in duties),
                    )
                ]
                if duties
                else []
            ),
        ),
        folds=tuple(
            Fold(
                summary=f"{each.id}: {len(matrix[each.id])} tests",
                tables=(
                    _words(
                        f"Tests of {each.id}",
                        ("Test", "Outcome"),
                        tuple((result.test, result.outcome) for result in matrix[each.id]),
                    ),
                ),
            )
            for each in tested
            if each.id in matrix
        ),
    )


def _soaks(results: Sequence[SoakResult]) -> tuple[Table, ...]:
    """Returns the table of what is tried in large numbers, by `make` targets of their own; it counts what was read."""
    rows = []
    for each in results:
        soak, figure = each.soak, each.figure
        what = (soak.counts, ", ".join(soak.requirements), each.state if figure else f"{each.state}: {soak.target}")
        of = ("-",) * 5
        if figure is not None:
            of = (
                f"{figure.count:,d}", f"{figure.failed:,d} {soak.failed}", str(figure.seed), f"{figure.seconds:,.0f}",
                f"{figure.afterglow} {figure.commit[:12]}".strip(),
            )  # fmt: skip
        rows.append((soak.soak, *what, f"{soak.promised:,d}", *of))
    columns = (
        *("Soak", "Tried", "Requirements", "Outcome"),
        *("Promised", "Done", "Failed", "Seed", "Seconds", "Version, commit"),
    )
    table = Table(
        caption="Soaks: tried in large numbers", columns=columns, rows=tuple(rows), words=frozenset({1, 2, 3, 6, 9})
    )
    return (table,) if rows else ()


def _counted(results: Sequence[TestResult]) -> tuple[str, str, str]:
    tally = Counter(result.outcome for result in results)
    return str(tally["passed"]), str(tally["failed"]), str(tally["skipped"])


def _controls(package: Package, anchor: str, title: str) -> Section:
    rows = tuple(
        (each.control.requirement, each.control.control, each.control.file, each.control.test, each.outcome)
        for each in package.controls
    )
    return Section(
        anchor=anchor,
        title=title,
        sentence="Each control was taken out of a copy of the source, and the test that guards it had to fail.",
        tables=(_words("Controls", ("Id", "Control", "Source", "Test", "Its absence was"), rows),),
    )


def _performance(package: Package, anchor: str, title: str) -> Section:
    rows = tuple(
        (each.what, each.expected, each.found, "passed" if each.passed else "deviates") for each in package.trials
    )
    return Section(
        anchor=anchor,
        title=f"{title}: the demonstration study, end to end",
        sentence="Its deliveries were taken to a published report by the commands that a user types, twice.",
        tables=(_words("Trials", ("Trial", "Expected", "Found", "Outcome"), rows),),
    )


def _signatures(_: Package, anchor: str, title: str) -> Section:
    meanings = (
        ("author", "made this package, or had it made"),
        ("review", "read it, and each deviation"),
        ("approve", "the installation may be used; stands for the assessment of each deviation"),
    )
    return Section(
        anchor=anchor,
        title=title,
        sentence="Signed by key, after this page was made: the page Signatures shows by whom, when and why.",
        help=(
            (
                "afterglow sign STUDY --package FOLDER --meaning author (or review, approve) signs with a key of the "
                "study's register of signers. Author and approver differ. A signature is bound to manifest.json, which "
                "names the SHA-256 of this page and of validation.json."
            ),
            "afterglow verify STUDY --package FOLDER proves files and signatures again, without a network.",
        ),
        tables=(_words("Meanings", ("Meaning", "Says"), meanings),),
    )


def _words(
    caption: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], words: int | None = None
) -> Table:
    """Returns a table whose cells are words up to column `words` (all of them by default)."""
    return Table(caption=caption, columns=columns, rows=rows, words=frozenset(range(1, words or len(columns))))
