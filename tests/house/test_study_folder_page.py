"""docs/study-folder.md: every reason that landing gives is explained on it."""

from __future__ import annotations

import re
from pathlib import Path

from pipelines.land.receipts import REASONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "study-folder.md").read_text(encoding="utf-8")


def test_every_reason_code_is_on_the_page_in_the_words_of_the_program() -> None:
    listed = dict(re.findall(r"^\| `([FHQW]_\w+)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert listed == {code: sentence.rstrip(".") for code, sentence in REASONS.items()}
