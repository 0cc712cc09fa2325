"""PQ, performance qualification: the demonstration study from its deliveries to the published report.

Each step is the command that a user types, in a process of its own. It is done twice, under another path, time zone,
locale, hash seed and thread count, and both have to make the same cut with the same manifest.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

STUDY = "kap_demo"
_ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "AFTERGLOW_THREADS": "1"}
_TAMPERED = 14


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One thing tried: what was expected, and what came."""

    what: str
    expected: str
    found: str

    @property
    def passed(self) -> bool:
        """Whether what came is what was expected."""
        return self.expected == self.found


def performance(root: Path) -> tuple[Trial, ...]:
    """Runs the demonstration study twice in temporary folders, and tries what an auditor would."""
    with tempfile.TemporaryDirectory(prefix="afterglow-pq-") as scratch:
        first, second = Path(scratch) / "one" / STUDY, Path(scratch) / "another path" / STUDY
        return tuple(_trials(root, first, second))


def deviations(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Returns a sentence for each trial that did not end as expected."""
    return tuple(
        f"PQ: {each.what}: expected {each.expected}, found {each.found}." for each in trials if not each.passed
    )


def _trials(root: Path, first: Path, second: Path) -> Iterator[Trial]:
    for copy in (first, second):
        copy.mkdir(parents=True)
        shutil.copy(root / "studies" / STUDY / "study.yml", copy)
    for copy in (first, second):
        yield _command(root, "the deliveries of the simulated trial", ("simulate", str(copy)))
    yield _command(root, "run: land, build, gate, report, sign, publish", ("run", str(first)))
    yield _command(root, "the same elsewhere, under other settings", ("run", str(second)), settings=_ELSEWHERE)
    pointers = [
        json.loads((copy / "published" / "CURRENT").read_bytes())
        for copy in (first, second)
        if (copy / "published" / "CURRENT").exists()
    ]
    cuts = {pointer["cut_id"] for pointer in pointers}
    yield Trial(
        what="both runs make one cut", expected="1 cut of 2 runs", found=f"{len(cuts)} cut of {len(pointers)} runs"
    )
    manifests = {pointer["manifest_sha256"] for pointer in pointers}
    yield Trial(what="with one manifest", expected="1 manifest", found=f"{len(manifests)} manifest")
    yield _command(root, "verify: files, deliveries, signatures, audit trail", ("verify", str(first)))
    yield from _restored(root, first)
    before = _bytes_of(first)
    yield _command(root, "run again with nothing new", ("run", str(first)))
    yield Trial(
        what="which changes no published byte",
        expected="the same",
        found="the same" if before == _bytes_of(first) else "other bytes",
    )
    if not pointers:
        return
    table = first / "cuts" / pointers[0]["cut_id"] / "tables" / "response.parquet"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.chmod(0o644)
    table.write_bytes(content)
    yield _command(
        root,
        "one changed bit of a published table is found",
        ("verify", str(first)),
        expected=_TAMPERED,
        names="response.parquet",
    )


def _restored(root: Path, study: Path) -> Iterator[Trial]:
    file, target = study.parent / "backup.tar", study.parent / "elsewhere" / STUDY
    kept = _done(root, ("backup", str(study), str(file), "--with-vault"))
    yield _trial("afterglow backup: the study in one file", kept)
    back = _done(root, ("restore", str(file), str(target)))
    yield _trial("afterglow restore: at a place where nothing was", back)
    hashes = [[line for line in done.stdout.splitlines() if line.startswith("root hash")] for done in (kept, back)]
    same = bool(hashes[0]) and hashes[0] == hashes[1]
    yield Trial(what="with the root hash of the backup", expected="the same", found="the same" if same else "another")
    yield _command(root, "the restored study", ("verify", str(target)))


def _command(
    root: Path,
    what: str,
    arguments: Sequence[str],
    *,
    settings: dict[str, str] | None = None,
    expected: int = 0,
    names: str = "",
) -> Trial:
    done = _done(root, arguments, settings)
    return _trial(f"afterglow {arguments[0]}: {what}", done, expected=expected, names=names)


def _trial(what: str, done: subprocess.CompletedProcess[str], *, expected: int = 0, names: str = "") -> Trial:
    named = " and names the file" if names else ""
    said = " and names the file" if names and names in done.stderr else ""
    return Trial(what=what, expected=f"exit code {expected}{named}", found=f"exit code {done.returncode}{said}")


def _done(
    root: Path, arguments: Sequence[str], settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=root,
        env=os.environ | (settings or {}),
        capture_output=True,
        text=True,
        check=False,
    )


def _bytes_of(study: Path) -> list[tuple[str, bytes]]:
    files = [path for folder in ("cuts", "published") for path in (study / folder).rglob("*") if path.is_file()]
    return [(path.relative_to(study).as_posix(), path.read_bytes()) for path in sorted(files)]
