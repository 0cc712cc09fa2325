"""Validate: run what qualifies this installation, and write the package that an auditor files.

Reads   the checkout: source, uv.lock, tests, requirements.yml, controls.yml; the demonstration study
Writes  validation.json and validation.html in the folder asked for, and the manifest that signatures are bound to
Rule    whatever was not tried, was skipped or stands unlike the requirements is a deviation; with one, it is not PASSED
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import to_jsonable_python

from pipelines.core.clock import utc_now
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_bytes
from pipelines.core.source import ROOT
from pipelines.validate import controls, operation
from pipelines.validate import performance as performance_trials
from pipelines.validate.installation import installation
from pipelines.validate.package import Package, page
from pipelines.validate.requirements import load_controls, load_requirements
from pipelines.validate.signing import check_unsigned, seal_package
from pipelines.validate.soaks import deviations as soak_deviations
from pipelines.validate.soaks import read_soaks


@dataclass(frozen=True, kw_only=True)
class ValidationReceipt:
    """What was qualified: `deviations` are sentences; `sha256` is of the manifest, which a signature is bound to."""

    verdict: str
    requirements: int
    tests: int
    controls: int
    trials: int
    soaks: int
    deviations: tuple[str, ...]
    path: Path
    sha256: str


def validate(
    directory: Path,
    *,
    root: Path = ROOT,
    results: Path | None = None,
    soaks: Path | None = None,
    workers: int | None = None,
    progress: Callable[[str], object] = lambda _: None,
) -> ValidationReceipt:
    """Qualifies this installation and writes the package into `directory`.

    Args:
        directory: where the package goes; made if it is not there.
        root: the checkout to qualify.
        results: JUnit results of a run of this checkout's tests; by default they are run now (about ten minutes).
        soaks: the folder of the soaks' figures; where it is asked for, each that does not stand is a deviation.
        workers: how many processes run tests; by default one a processor.
        progress: gets one line as each part ends.

    Raises:
        IntegrityError: the tests could not be run.
        NotAllowedError: the folder holds a package that was signed.
    """
    check_unsigned(directory)
    workers = workers or os.cpu_count() or 1
    known = load_requirements()
    installed = installation(root)
    progress(f"IQ        {len(installed.packages)} packages, {len(installed.deviations)} deviations")
    with tempfile.TemporaryDirectory(prefix="afterglow-validate-") as scratch:
        given = results or Path(scratch) / "results.xml"
        if results is None:
            operation.run_tests(root, given, workers=workers)
        tests = operation.read_results(given, known)
    of_tests = operation.deviations(tests, known)
    progress(f"OQ        {len(tests)} tests of {len(known.requirements)} requirements, {len(of_tests)} deviations")
    soaked = read_soaks(soaks, installed.code_sha256)
    of_soaks = soak_deviations(soaked) if soaks is not None else ()
    passed = [each for each in soaked if each.state == "passed"]
    progress(f"soaks     {len(passed)} of {len(soaked)} stand, {len(of_soaks)} deviations")
    tried = controls.try_controls(root, load_controls(), workers=workers)
    of_controls = controls.deviations(tried)
    progress(f"controls  {len(tried)} switched off, {len(of_controls)} deviations")
    trials = performance_trials.performance(root)
    of_trials = performance_trials.deviations(trials)
    progress(f"PQ        {len(trials)} trials, {len(of_trials)} deviations")
    package = Package(
        made_at=utc_now(),
        installation=installed,
        requirements=known.requirements,
        tests=tests,
        controls=tried,
        trials=trials,
        soaks=soaked,
        deviations=(*installed.deviations, *of_tests, *of_soaks, *of_controls, *of_trials),
    )
    document = canonical_json(to_jsonable_python(package) | {"verdict": package.verdict})
    write_atomically(directory / "validation.json", document)
    write_atomically(directory / "validation.html", page(package, sha256=sha256_bytes(document)).encode())
    facts = {
        "afterglow": installed.afterglow,
        "commit": installed.commit,
        "code_sha256": installed.code_sha256,
        "made_at": package.made_at,
        "verdict": package.verdict,
        "deviations": len(package.deviations),
    }
    sha256 = seal_package(directory, facts, ("validation.json", "validation.html"))
    return ValidationReceipt(
        verdict=package.verdict,
        requirements=len(known.requirements),
        tests=len(tests),
        controls=len(tried),
        trials=len(trials),
        soaks=len(passed),
        deviations=package.deviations,
        path=directory / "validation.html",
        sha256=sha256,
    )
