"""What each soak leaves behind: one small JSON in soaks/ (or $AFTERGLOW_SOAKS), which `afterglow validate` reads."""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from pathlib import Path

from pipelines.core.clock import utc_now
from pipelines.core.files import write_atomically
from pipelines.core.source import ROOT, code_sha256
from pipelines.validate.installation import git_state
from pipelines.validate.soaks import SoakFigure

# Soaks import this as they start.
STARTED = time.monotonic()


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
    path = Path(os.environ.get("AFTERGLOW_SOAKS") or ROOT / "soaks") / f"{soak}.json"
    write_atomically(path, f"{figure.model_dump_json(indent=1)}\n".encode())
    return path
