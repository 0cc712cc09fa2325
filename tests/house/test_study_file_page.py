"""docs/study-file.md: its examples are study files that load, and it names every key."""

from __future__ import annotations

import re
import shutil
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from pipelines.study import Study, load_study
from tests.real_files import SHIPPED

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "study-file.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]
PROSE = re.sub(r"^```.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)


def models_within(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_within(field.annotation)
    for inner in typing.get_args(annotation):
        yield from models_within(inner)


def keys() -> set[str]:
    return {field.alias or name for model in models_within(Study) for name, field in model.model_fields.items()}


@pytest.mark.parametrize("part", EXAMPLES[1:], ids=",".join)
def test_each_example_is_a_part_that_the_whole_study_takes(part: dict[str, object], tmp_path: Path) -> None:
    for name, kind in (("redcap_dictionary.csv", "csv"), ("study_metadata.xml", "xml")):
        (metadata,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
        (tmp_path / name).write_text(metadata, encoding="utf-8")
    shutil.copy(SHIPPED / "sas" / "formats.sas7bcat", tmp_path)
    (tmp_path / "study.yml").write_text(yaml.safe_dump({**EXAMPLES[0], **part}), encoding="utf-8")
    load_study(tmp_path)


def test_the_whole_study_on_one_screen_loads(tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_text(yaml.safe_dump(EXAMPLES[0]), encoding="utf-8")
    assert load_study(tmp_path).study == "MINI-01"


def test_every_key_of_a_study_file_is_on_the_page() -> None:
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", PROSE))))
    assert keys() - named == set()
