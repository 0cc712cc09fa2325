"""Reading a study file: every mistake found before any data is read, all at once, with key, line and remedy."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.core.errors import StudyFileError
from pipelines.core.hashing import sha256_bytes
from pipelines.study.checks import problems
from pipelines.study.folder import StudyFolder
from pipelines.study.layout import spread
from pipelines.study.metadata import with_metadata
from pipelines.study.model import Study
from pipelines.study.problem import Problem

Location = tuple[str | int, ...]

_DEEPEST = 20
_LARGEST = 200_000


def load_study(root: Path) -> Study:
    """Returns the study of the folder `root`.

    Raises:
        StudyFileError: the file is absent, is no YAML, or says something that cannot be run; the message has one
            line for each mistake.
    """
    folder = StudyFolder(root.resolve())
    path = folder.study_file
    if "?" in str(folder.root):
        msg = f"{folder.root}: no database can lie below a folder with a question mark in its name. Rename it."
        raise StudyFileError(msg)
    if not path.is_file():
        msg = f"{path}: there is no study file. Give a study's folder, one that holds a study.yml."
        raise StudyFileError(msg)
    try:
        # Once: what is read is what its hash is of, if somebody saves the file at this moment.
        content = path.read_bytes()
        node = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
        document, lines = _document(node)
    except UnicodeDecodeError as error:
        msg = f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8."
        raise StudyFileError(msg) from None
    except yaml.reader.ReaderError as error:
        msg = f"{path}: character {error.position} is none that YAML may hold. Save the file as text, in UTF-8."
        raise StudyFileError(msg) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        msg = f"{path}:{line}: not valid YAML: {error.problem}. Check indentation, colons and quotes there."
        raise StudyFileError(msg) from None
    except _UnreadableError as error:
        msg = f"{path}:{error.line}: {error}"
        raise StudyFileError(msg) from None
    try:
        study = Study.model_validate(document)
    except ValidationError as error:
        found = [_problem(details, document) for details in error.errors(include_url=False)]
        raise StudyFileError(_message(path, _merged(found), lines)) from None
    # The model is frozen for its users; where it came from is given here, once.
    study._folder, study._file_sha256 = folder, sha256_bytes(content)  # noqa: SLF001
    study, wrong, unfilled = with_metadata(study)
    # Of an entry whose columns could not be read nothing more can be said.
    wrong += [problem for problem in problems(study) if problem.location[:3] not in unfilled]
    if wrong:
        raise StudyFileError(_message(path, wrong, _spread_lines(lines)))
    return study


def find_study(name: str, studies: Path) -> Study:
    """Returns the study in the folder `name`, given as a path or as a folder's name below `studies`."""
    path = Path(name)
    return load_study(path if path.is_dir() or not (studies / name).is_dir() else studies / name)


class _UnreadableError(Exception):
    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


def _document(node: yaml.Node | None) -> tuple[Any, dict[Location, int]]:
    """Returns the document's plain value, and the line of every key and list entry in it."""
    lines: dict[Location, int] = {}
    constructor = yaml.SafeLoader("")

    def walk(current: yaml.Node, location: Location) -> Any:
        # An alias (`*name`) may stand for something that holds itself, or that grows without end.
        if len(location) > _DEEPEST or len(lines) > _LARGEST:
            text = "nested too deeply, or too large. Write out what `*` and `&` stand for."
            raise _UnreadableError(text, current.start_mark.line + 1)
        lines.setdefault(location, current.start_mark.line + 1)
        if isinstance(current, yaml.MappingNode):
            mapping: dict[str, Any] = {}
            for key_node, value_node in current.value:
                # Keys are names even where YAML would read a number, a date or a boolean (site `07`, column `no`).
                key = str(key_node.value)
                if key in mapping:
                    text = f"the key '{key}' stands twice here. Keep one of the two."
                    raise _UnreadableError(text, key_node.start_mark.line + 1)
                lines[(*location, key)] = key_node.start_mark.line + 1
                mapping[key] = walk(value_node, (*location, key))
            return mapping
        if isinstance(current, yaml.SequenceNode):
            return [walk(entry, (*location, index)) for index, entry in enumerate(current.value)]
        return constructor.construct_object(current)

    return (None if node is None else walk(node, ())), lines


def _message(path: Path, found: list[Problem], lines: dict[Location, int]) -> str:
    numbered = sorted((_line(problem.location, lines), problem) for problem in found if not problem.place)
    listed = [f"{path}:{line}: {problem.key}: {problem.text}" for line, problem in numbered]
    listed += [f"{path.parent / problem.place}: {problem.text}" for problem in found if problem.place]
    count = f"{len(listed)} mistake{'s' if len(listed) > 1 else ''} in the study file; no data was read."
    return "\n".join([*listed, count])


def _spread_lines(lines: dict[Location, int]) -> dict[Location, int]:
    """Returns the lines with those of each column of a run (`madrs_{01..10}`), as metadata spreads it."""
    found = dict(lines)
    for location, line in lines.items():
        if location[:1] == ("layouts",) and location[3:4] == ("columns",) and len(location) > 4:
            for name in spread(str(location[4])):
                found.setdefault((*location[:4], name, *location[5:]), line)
    return found


def _line(location: Location, lines: dict[Location, int]) -> int:
    # Where a single entry may be written without its list, the file has no index that the model has.
    single = tuple(part for part in location if not isinstance(part, int))
    while location:
        for written in (location, single):
            if written in lines:
                return lines[written]
        location, single = location[:-1], single[: len(location) - 1]
    return 1


def _merged(found: list[Problem]) -> list[Problem]:
    # A union reports each of its branches; one sentence a place is enough.
    merged: dict[Location, Problem] = {}
    for problem in found:
        if problem.location in merged and problem.text not in merged[problem.location].text:
            problem = Problem(problem.location, f"{merged[problem.location].text} Or: {problem.text}")  # noqa: PLW2901
        merged[problem.location] = problem
    return list(merged.values())


def _problem(details: ErrorDetails, document: Any) -> Problem:
    location = _real(details["loc"], document)
    match details["type"]:
        case "extra_forbidden":
            key = str(location[-1])
            allowed = _keys_beside(location)
            near = difflib.get_close_matches(key, allowed, n=1)
            remedy = f"Did you mean '{near[0]}'?" if near else f"Allowed here: {', '.join(allowed) or 'nothing'}."
            return Problem(location, f"unknown key. {remedy}")
        case "missing":
            return Problem(location, "this key is missing. Add it.")
        case "literal_error":
            return Problem(location, f"must be one of {details['ctx']['expected']}.")
        case "model_type" | "dict_type":
            return Problem(location, "a mapping is expected here: lines of `key: value`.")
        case "string_pattern_mismatch":
            return Problem(location, f"must match {details['ctx']['pattern']} (letters, digits, '_' and '-').")
        case _:
            text = details["msg"].removeprefix("Value error, ")
            return Problem(location, f"{text[:1].lower()}{text[1:]}.")


def _real(location: Location, document: Any) -> Location:
    """Returns `location` without the names of union branches that pydantic puts into it."""
    kept: list[str | int] = []
    current = document
    for index, part in enumerate(location):
        if isinstance(current, dict) and part == "[key]":
            continue
        inside = (isinstance(current, dict) and part in current) or (
            isinstance(current, list) and isinstance(part, int) and part < len(current)
        )
        if inside:
            kept.append(part)
            current = current[part]
        elif index == len(location) - 1 and isinstance(current, dict):
            kept.append(part)
    return tuple(kept)


def _keys_beside(location: Location) -> list[str]:
    models = [Study]
    for part in location[:-1]:
        models = [inner for model in models for inner in _models_at(model, part)] or models
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _models_at(model: type[BaseModel], part: str | int) -> list[Any]:
    for name, field in model.model_fields.items():
        if part in {name, field.alias}:
            return list(_models_in(field.annotation))
    return []


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for inner in typing.get_args(annotation):
        yield from _models_in(inner)
