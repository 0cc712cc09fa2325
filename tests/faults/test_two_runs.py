"""Two runs at once: one waits its turn, and one that was overtaken does not publish."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pipelines.core.errors import NotAllowedError
from pipelines.core.fence import next_run, overtake
from pipelines.cut import Cut, published_cut
from pipelines.publish import publish
from pipelines.sign import DEMO_ROLE, DEMO_SIGNER, sign
from pipelines.verify import verify
from tests.faults.cases import Range
from tests.faults.invariants import check_rerun_gives_the_same
from tests.faults.processes import wait_for
from tests.faults.stand_ins import SUBJECTS
from tests.small_study import deliver, scores_file, scores_row


def test_a_run_that_a_newer_one_overtook_does_not_publish(place: Range) -> None:
    place.put("second")
    study = place.study
    zombie = place.start("zombie", "sign.signature.placed:1")
    deliver(study, "S02", "scores_2026-04-01.csv", scores_file(scores_row(SUBJECTS[0], day="2026-01-06", total="31")))
    assert place.run().code == 0
    newer = published_cut(study.folder)
    os.kill(zombie, signal.SIGCONT)
    ended = wait_for(zombie, place.room / "zombie")
    assert ended.code == 13
    assert "which began later, has published" in ended.said
    assert published_cut(study.folder) == newer
    verify(study)
    # A person who wants the earlier one says so.
    older = place.expected["second"].cut_id
    assert place.run("publish", "--cut", older).code == 0
    assert published_cut(study.folder) == Cut(study.folder, older)
    verify(study)


def test_a_run_beside_one_that_publishes_is_told_that_it_is_busy(place: Range) -> None:
    place.put("reported")
    zombie = place.start("zombie", "publish.pointer.synced:1")
    ended = place.run()
    assert ended.code == 15
    assert "another process works on this study" in ended.said
    os.kill(zombie, signal.SIGKILL)
    assert wait_for(zombie, place.room / "zombie").code == -signal.SIGKILL
    assert place.run().code == 0
    check_rerun_gives_the_same(place.study, place.expected["reported"])


def test_a_task_and_its_retry_have_one_number_and_publish_once(place: Range) -> None:
    """Airflow starts a task again that it took for dead, with the number of its run, and both may be alive."""
    place.put("reported")
    folder = place.study.folder
    (cut_id,) = (path.name for path in folder.cuts.iterdir() if not (path / "seal.json").exists())
    number = next_run(folder.runs)
    sign(place.study, cut_id, name=DEMO_SIGNER, role=DEMO_ROLE, method="demo")
    assert not publish(place.study, cut_id, run=number).reused
    assert publish(place.study, cut_id, run=number).reused
    check_rerun_gives_the_same(place.study, place.expected["reported"])


def test_a_lock_that_names_a_process_of_today_holds_nobody_up(place: Range) -> None:
    """The kernel holds the lock, not the number of a process that another one may have got since."""
    place.put("reported")
    (place.study.folder.root / ".lock").write_text(str(os.getpid()))
    assert place.run().code == 0


def test_numbers_rise_and_the_last_that_published_keeps_older_ones_out(tmp_path: Path) -> None:
    runs = tmp_path / ".runs"
    first, second = next_run(runs), next_run(runs)
    assert (first, second) == (1, 2)
    assert overtake(runs, second) == 2
    assert overtake(runs, second) == 2
    with pytest.raises(NotAllowedError, match="this is run 1, and run 2, which began later"):
        overtake(runs, first)
    assert overtake(runs) == 3
    with pytest.raises(NotAllowedError):
        overtake(runs, second)


def test_a_count_that_was_cut_short_goes_on_from_what_is_left(tmp_path: Path) -> None:
    runs = tmp_path / ".runs"
    overtake(runs, next_run(runs))
    runs.write_bytes(runs.read_bytes()[:10])
    assert next_run(runs) > 0
    runs.write_bytes(b"")
    assert next_run(runs) == 1
