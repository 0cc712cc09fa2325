"""After every fault all invariants hold, and a plain re-run gives what the undisturbed one gave.

The full list is `make faults`; here is a part of it that takes seconds.
"""

from __future__ import annotations

import pytest

from tests.faults import invariants
from tests.faults.cases import Fault, Range


@pytest.mark.requirement("FLT-1")
@pytest.mark.requirement("FLT-2")
@pytest.mark.requirement("FLT-3")
@pytest.mark.requirement("FLT-4")
@pytest.mark.requirement("FLT-5")
@pytest.mark.requirement("FLT-6")
@pytest.mark.requirement("FLT-7")
def test_every_action_at_some_of_the_points_breaks_nothing(place: Range) -> None:
    every = list(place.faults())
    assert len(every) > 500
    for fault in every[:: len(every) // 20]:
        place.play(fault)


AT_THE_POINTER = Fault(state="", point="publish.pointer.synced:1")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(state="reported", point="publish.durable:1", again=AT_THE_POINTER),
        Fault(state="landed", point="report.pages.written:1", again=AT_THE_POINTER),
        Fault(state="second", after=(0.05,)),
        Fault(state="first", after=(0.1, 0.001)),
    ],
    ids=["between sync and pointer, and again", "in the report, and again", "at some time", "SIGTERM, then SIGKILL"],
)
def test_a_second_fault_during_the_recovery_breaks_nothing(place: Range, fault: Fault) -> None:
    place.play(fault)


def test_an_invariant_that_is_broken_is_told(place: Range) -> None:
    """Each of them is seen to fail once, with the fault put in."""
    place.put("second")
    study = place.study
    with pytest.raises(invariants.BrokenError, match="I5"):
        invariants.check_rerun_gives_the_same(study, place.expected["second"])
    with pytest.raises(invariants.BrokenError, match="I3: gone"):
        invariants.check_deliveries_are_kept(study, [(study.folder.inbox / "gone.csv", "0" * 64)])
    (older,) = (path for path in study.folder.cuts.iterdir() if (path / "seal.json").exists())
    before = {older: invariants.tree(older)}
    (older / "tables" / "qs.parquet").chmod(0o644)
    (older / "tables" / "qs.parquet").write_bytes(b"other")
    with pytest.raises(invariants.BrokenError, match=r"I1: .*qs\.parquet"):
        invariants.check_published_cut_is_whole(study)
    with pytest.raises(invariants.BrokenError, match="I2"):
        invariants.check_older_cuts_are_unchanged(before)
    (place.temporary / "log").write_text("CANARYSUBJ7F3A1")
    with pytest.raises(invariants.BrokenError, match="I6: an identifier"):
        invariants.check_nothing_got_out(study, place.temporary)
    with pytest.raises(invariants.BrokenError, match="I6: left behind"):
        invariants.check_nothing_is_left(study, place.temporary)
