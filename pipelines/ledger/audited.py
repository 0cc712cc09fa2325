"""Around every step: who runs it under which study file is known, and a step that fails leaves an event too."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from pipelines.core.errors import AfterglowError
from pipelines.core.machine import refusal
from pipelines.ledger.event import Event
from pipelines.ledger.recording import record
from pipelines.study import Study

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def audited(
    step: Callable[Concatenate[Study, Arguments], Result],
) -> Callable[Concatenate[Study, Arguments], Result]:
    """Records a study file that was changed since the last step, and a failure of `step` with the error's class.

    Raises:
        NotAllowedError: the machine has no room or memory for the step, or a place may not be written.
    """

    @functools.wraps(step)
    def recorded(study: Study, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        folder = study.folder
        record(folder, Event(action="study_file", object="study.yml", new=study.file_sha256))
        try:
            return step(study, *args, **kwargs)
        except Exception as error:
            # Our own sentences hold no value of a subject. What another library says may: its class alone is recorded.
            told = refusal(error)
            happened = Event(
                action="failure", object=step.__name__, new=type(told or error).__name__, reason=str(told or "")
            )
            try:
                record(folder, happened)
            except AfterglowError as unrecorded:
                unrecorded.add_note(f"Before that, in {step.__name__}: {told or type(error).__name__}")
                raise unrecorded from error
            if told is None or told is error:
                raise
            raise told from error

    return recorded
