"""Some of the tamperings of `make tamper-ledger`, of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.tampering import KINDS, tampered


@pytest.mark.requirement("AUD-3")
def test_every_kind_of_tampering_is_found_wherever_it_is_done(tmp_path: Path) -> None:
    found, missed = tampered(20 * len(KINDS), 7, tmp_path)
    assert missed == []
    assert set(found.values()) == {20}
