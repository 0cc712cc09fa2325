"""The requirements, and which tests show each of them.

A test names its requirement by `@pytest.mark.requirement("AUD-3")`; where it names none, the first entry
with a pattern of its file does. Of a duty that software cannot fulfil, the entry says whose it is; it needs no test.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from pipelines.core.errors import UsageError

REQUIREMENTS = Path(__file__).with_name("requirements.yml")
CONTROLS = Path(__file__).with_name("controls.yml")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Requirement(_Entry):
    """One requirement. `tests` are patterns of test files; `duty` says who fulfils it where software cannot."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d+$")]
    text: str
    source: str
    tests: tuple[str, ...] = ()
    duty: str = ""


class Control(_Entry):
    """A control and how it is switched off: in `file`, `find` becomes `replace`, and then `test` has to fail."""

    requirement: str
    control: str
    file: str
    find: str
    replace: str
    test: str


class Requirements(_Entry):
    """All requirements of the product."""

    requirements: tuple[Requirement, ...]

    def of_test(self, file: str, named: tuple[str, ...]) -> tuple[str, ...]:
        """Returns the ids that a test shows: those it names, or that of the first pattern its file fits."""
        if named:
            return named
        fitting = (each.id for each in self.requirements if any(fnmatchcase(file, pattern) for pattern in each.tests))
        return tuple(fitting)[:1]


def load_requirements(path: Path = REQUIREMENTS) -> Requirements:
    """Returns the requirements.

    Raises:
        UsageError: two have one id.
    """
    loaded = Requirements.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    ids = [each.id for each in loaded.requirements]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        msg = f"{path.name}: {', '.join(twice)} stands there twice."
        raise UsageError(msg)
    return loaded


def load_controls(path: Path = CONTROLS) -> tuple[Control, ...]:
    """Returns the controls and how each is switched off."""
    return tuple(Control.model_validate(entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8")))
