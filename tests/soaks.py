"""What each soak leaves behind: one small JSON in soaks/ (or $AFTERGLOW_SOAKS), which `afterglow validate` reads.

Run     make soaks-page
Writes  benchmarks/results/soaks.md: what is promised, and what was tried
"""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from pipelines.core.clock import utc_now
from pipelines.core.files import write_atomically
from pipelines.core.source import ROOT, code_sha256
from pipelines.validate.installation import git_state
from pipelines.validate.soaks import SoakFigure, SoakResult, read_soaks

# Soaks import this as they start.
STARTED = time.monotonic()
PAGE = ROOT / "benchmarks" / "results" / "soaks.md"


def write_figure(soak: str, *, count: int, failed: int, seed: int, seconds: float | None = None) -> Path:
    """Writes what a soak came to, and returns the file.

    Args:
        soak: its name in pipelines/validate/soaks.yml.
        count: how many were tried.
        failed: how many of them did not end as they should; one is enough for the soak to have failed.
        seed: what the tries follow from.
        seconds: how long it took; by default since the soak's process began.
    """
    figure = SoakFigure(
        soak=soak,
        count=count,
        failed=failed,
        seed=seed,
        seconds=round(time.monotonic() - STARTED if seconds is None else seconds, 1),
        outcome="passed" if count and not failed else "failed",
        afterglow=version("afterglow"),
        commit=git_state(ROOT)[0],
        code_sha256=code_sha256(),
        made_at=utc_now(),
    )
    path = folder() / f"{soak}.json"
    write_atomically(path, f"{figure.model_dump_json(indent=1)}\n".encode())
    return path


def folder() -> Path:
    """Returns where the figures lie."""
    return Path(os.environ.get("AFTERGLOW_SOAKS") or ROOT / "soaks")


def main() -> None:
    """Writes the page of all soaks, those that were not run too."""
    lines = [
        "# What was tried in large numbers",
        "",
        f"Each row is the last figure of one command; {os.cpu_count()} processors, Python {platform.python_version()}.",
        "`make soaks-page` writes this page from what they left. A figure is of the commit that it names.",
        "",
        "| command | what is tried | promised | tried | what counts against it | found | seconds | commit |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(each) for each in read_soaks(folder(), code_sha256())),
    ]
    PAGE.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _line(each: SoakResult) -> str:
    soak, figure = each.soak, each.figure
    told = f"| `{soak.target}` | {soak.counts} | {soak.promised:,d} |"
    if figure is None:
        return f"{told} {each.state} | {soak.failed} | | | |"
    tried = f"{figure.count:,d}{' (of other source)' if each.state == 'other source' else ''}"
    return f"{told} {tried} | {soak.failed} | {figure.failed:,d} | {figure.seconds:,.0f} | `{figure.commit[:7]}` |"


if __name__ == "__main__":
    main()
