"""Whatever is changed in a published study, verify names it; `make tamper` does so many thousand times."""

from __future__ import annotations

from itertools import islice

import pytest

from pipelines.study import load_study
from pipelines.verify import verify
from tests.faults.cases import Range
from tests.faults.tamper import CHANGES, tamper


@pytest.mark.requirement("AUD-3")
def test_whatever_is_changed_is_found_and_named(place: Range) -> None:
    place.put("reported")
    assert place.run().code == 0
    study = load_study(place.place)
    done = list(islice(tamper(study, seed=7), 300))
    assert [one for one in done if not one[2]] == []
    assert {how for how, _, _ in done} == {"added", "ledger", *(change.__name__ for change in CHANGES)}
    verify(study)
