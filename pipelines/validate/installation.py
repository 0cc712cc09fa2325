"""IQ, installation qualification: what is installed here, and whether it is what the lock file says."""

from __future__ import annotations

import platform
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.core.hashing import sha256_file
from pipelines.core.source import code_sha256


@dataclass(frozen=True, kw_only=True)
class Package:
    """An installed package, and the versions that the lock file has for it (one for each Python, at times)."""

    name: str
    version: str
    locked: tuple[str, ...]

    @property
    def deviates(self) -> bool:
        """Whether the lock file has another version of it, or none."""
        return self.version not in self.locked


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What runs here. `code_sha256` is over all that can change a cut; `commit` is empty where git is not at hand."""

    afterglow: str
    code_sha256: str
    commit: str
    changed_files: tuple[str, ...]
    lock_sha256: str
    python: str
    system: str
    packages: tuple[Package, ...]
    missing: tuple[str, ...]

    @property
    def deviations(self) -> tuple[str, ...]:
        """A sentence for each way in which this is not the installation that was released."""
        found = [
            f"IQ: {each.name} {each.version} is installed; "
            f"the lock file says {' or '.join(each.locked) or 'nothing of it'}."
            for each in self.packages
            if each.deviates
        ]
        found += [f"IQ: {name} is required and not installed." for name in self.missing]
        found += [f"IQ: {name} differs from the commit." for name in self.changed_files]
        return tuple(found)


# The installer itself, which brings the rest.
_TOOLS = {"pip", "setuptools", "wheel", "uv"}


def installation(root: Path) -> Installation:
    """Returns what is installed, held against `uv.lock` in the checkout `root`."""
    lock = root / "uv.lock"
    locked: dict[str, list[str]] = defaultdict(list)
    for entry in tomllib.loads(lock.read_text("utf-8"))["package"]:
        locked[entry["name"]].append(entry.get("version", ""))
    installed = {str(canonicalize_name(each.metadata["Name"])): each.version for each in distributions()}
    commit, changed = git_state(root)
    return Installation(
        afterglow=installed.get("afterglow", ""),
        code_sha256=code_sha256(),
        commit=commit,
        changed_files=changed,
        lock_sha256=sha256_file(lock),
        python=sys.version.split()[0],
        system=f"{platform.system()} {platform.machine()}, {platform.libc_ver()[0]} {platform.libc_ver()[1]}",
        packages=tuple(
            Package(name=name, version=version, locked=tuple(locked.get(name, ())))
            for name, version in sorted(installed.items())
            if name not in _TOOLS
        ),
        missing=tuple(sorted(_required(root) - installed.keys())),
    )


def _required(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}


def git_state(root: Path) -> tuple[str, tuple[str, ...]]:
    """Returns the commit of the checkout and the files that differ from it; nothing where git is not at hand."""
    if not (root / ".git").exists():
        return "", ()
    commit = _said(["git", "-C", str(root), "rev-parse", "HEAD"])
    status = _said(["git", "-C", str(root), "status", "--porcelain"])
    return commit.strip(), tuple(line[3:] for line in status.splitlines())


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  (git, on our own source)
    return done.stdout
