"""Soaks: what is tried in numbers too large for every run of the tests, and what each of them came to.

Reads   soaks.yml, and in the folder asked for one small JSON that each soak wrote at its end
Rule    a figure counts for the source that made it; one that is missing, failed, too small or of another source says so
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

SOAKS = Path(__file__).with_name("soaks.yml")
State = Literal["passed", "failed", "too few", "other source", "unreadable", "not run"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Soak(_Entry):
    """A soak that a release promises: `counts` says what is tried, `failed` what counts against it."""

    soak: str
    target: str
    requirements: tuple[str, ...]
    promised: Annotated[int, Field(gt=0)]
    counts: str
    failed: str


class SoakFigure(_Entry):
    """What a soak came to: how many were tried, how many failed; `code_sha256` is of the source that was tried."""

    soak: str
    count: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]
    seed: int
    seconds: Annotated[float, Field(ge=0)]
    outcome: Literal["passed", "failed"]
    afterglow: str
    commit: str
    code_sha256: str
    made_at: str

    @model_validator(mode="after")
    def _agrees(self) -> SoakFigure:
        if (self.outcome == "passed") != (self.failed == 0 and self.count > 0):
            msg = "the outcome is not that of its counts"
            raise ValueError(msg)
        return self


@dataclass(frozen=True, kw_only=True)
class SoakResult:
    """A soak and how it stands for this source; without a figure where there is none that can be read."""

    soak: Soak
    state: State
    figure: SoakFigure | None = None


def load_soaks(path: Path = SOAKS) -> tuple[Soak, ...]:
    """Returns the soaks that a release promises."""
    return tuple(Soak.model_validate(entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["soaks"])


def read_soaks(folder: Path | None, code_sha256: str, known: Sequence[Soak] | None = None) -> tuple[SoakResult, ...]:
    """Returns how each soak stands.

    Args:
        folder: where the soaks left their figures; None where nobody asks for them: then none was run.
        code_sha256: the source that is qualified.
        known: the soaks; by default those of soaks.yml.
    """
    return tuple(_read(soak, folder, code_sha256) for soak in (load_soaks() if known is None else known))


def deviations(results: Sequence[SoakResult]) -> tuple[str, ...]:
    """Returns a sentence for each soak that does not show what is promised of it."""
    found = []
    for each in results:
        soak, figure = each.soak, each.figure
        if each.state == "passed":
            continue
        told = {
            "not run": f"was not run (`{soak.target}`)",
            "unreadable": f"left a figure that cannot be read: run `{soak.target}` again",
            "other source": f"was run of another source: run `{soak.target}` again",
        }.get(each.state)
        if figure is not None and told is None:
            told = f"tried {figure.count:,d} of {soak.promised:,d}" + (
                f", {figure.failed:,d} {soak.failed}" if figure.failed else ""
            )
        found.append(f"OQ: the soak '{soak.soak}' {told}.")
    return tuple(found)


def _read(soak: Soak, folder: Path | None, code_sha256: str) -> SoakResult:
    path = None if folder is None else folder / f"{soak.soak}.json"
    if path is None or not path.is_file():
        return SoakResult(soak=soak, state="not run")
    try:
        figure = SoakFigure.model_validate_json(path.read_bytes())
    except ValidationError:
        return SoakResult(soak=soak, state="unreadable")
    if figure.soak != soak.soak:
        return SoakResult(soak=soak, state="unreadable")
    return SoakResult(soak=soak, state=_state(soak, figure, code_sha256), figure=figure)


def _state(soak: Soak, figure: SoakFigure, code_sha256: str) -> State:
    if figure.code_sha256 != code_sha256:
        return "other source"
    if figure.outcome == "failed":
        return "failed"
    return "passed" if figure.count >= soak.promised else "too few"
