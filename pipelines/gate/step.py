"""Gate: Great Expectations on what landed, what was curated and what would be published.

Reads   the store's rows, cut.duckdb, tables/*.parquet, expectations/**/*.yml
Writes  cuts/<cut_id>/gate: checks.parquet, failing_rows.parquet, verdict.json
Rule    a gate says what it found; publishing reads the verdict and refuses
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.core.errors import IntegrityError, StudyFileError
from pipelines.core.files import directory_written_whole
from pipelines.core.leftovers import remove_leftovers
from pipelines.gate.verdict import Outcome, Verdict, read_verdict
from pipelines.ledger import Event, audited, record
from pipelines.study import Study

if TYPE_CHECKING:
    from pipelines.cut import Cut
    from pipelines.gate.suite import Suite


@dataclass(frozen=True, kw_only=True)
class GateReceipt:
    """What the gate says about a cut; `failed` are the ids of the checks that did not pass clean."""

    cut_id: str
    verdict: Outcome
    blocking: bool
    checks: int
    failed: tuple[str, ...]
    reused: bool


@audited
def gate(study: Study, cut_id: str) -> GateReceipt:
    """Checks the cut and writes what was found; a cut that was gated is not gated again.

    One exception: where a check raised an error and nobody has signed the cut, it may run another time.

    Raises:
        GateFailedError: a suite cannot be read, or the machine could not go on; nothing was written.
        IntegrityError: the cut is not whole.
        StudyFileError: the study file is not the one that the cut was made by.
        BusyError: another process works on the study.
    """
    from pipelines.cut import Cut, is_same_study, readers_of

    cut = Cut(study.folder, cut_id)
    is_again = cut.gate.is_dir() and _may_run_another_time(study, cut)
    if cut.gate.is_dir() and not is_again:
        return _recorded(study, _receipt(cut_id, read_verdict(cut), reused=True))
    if not cut.inputs_file.is_file():
        msg = f"{study.name}: there is no cut {cut.short_id}. Run `afterglow build {study.name}` first."
        raise IntegrityError(msg)
    if not is_same_study(study, cut):
        # What is delivered, and how much may be set aside, would be read from another file than the cut was made by.
        msg = f"{study.name}: the study file changed after cut {cut.short_id} was built. Build a new cut and gate that."
        raise StudyFileError(msg)
    # Great Expectations takes seconds to import: only where something is checked.
    from pipelines.gate.again import take_back
    from pipelines.gate.suite import load_suites

    suites = load_suites()
    # The gate's own folder last: while it is not there, the cut is gated again, and its queries are written again.
    with study.folder.lock():
        if is_again:
            take_back(cut)
        readers = readers_of(study.folder, cut.inputs)
        with directory_written_whole(cut.gate, change="gate.verdict", readers=readers) as folder:
            verdict = _checked_and_written(study, cut, suites, folder)
    return _recorded(study, _receipt(cut_id, verdict, reused=False))


def _may_run_another_time(study: Study, cut: Cut) -> bool:
    if read_verdict(cut).verdict != "ERROR":
        return False
    from pipelines.cut import is_same_study
    from pipelines.gate.again import may_run_another_time

    return may_run_another_time(cut) and is_same_study(study, cut)


def _checked_and_written(study: Study, cut: Cut, suites: Sequence[Suite], folder: Path) -> Verdict:
    from pipelines.gate.checking import checked
    from pipelines.gate.queries import keep_in_database, write_queries
    from pipelines.gate.results import write_results
    from pipelines.gate.rooms import opened_rooms
    from pipelines.gate.row_ids import identify
    from pipelines.gate.verdict import verdict_of

    remove_leftovers(cut.tables)
    with opened_rooms(study, cut) as rooms:
        results = checked(rooms, suites)
        verdict = verdict_of(results)
        identify(rooms, study.study, cut)
        write_results(folder, results, verdict, rooms.connection)
        write_queries(cut.queries, rooms, study, cut, suites=suites, results=results)
    keep_in_database(cut.queries, cut.duckdb)
    return verdict


def _recorded(study: Study, receipt: GateReceipt) -> GateReceipt:
    said = f"{receipt.verdict}, {receipt.checks} checks{', blocks' if receipt.blocking else ''}"
    record(
        study.folder, Event(action="gate", object=f"cut {receipt.cut_id}", new=said, reason=" ".join(receipt.failed))
    )
    return receipt


def _receipt(cut_id: str, verdict: Verdict, *, reused: bool) -> GateReceipt:
    return GateReceipt(
        cut_id=cut_id,
        verdict=verdict.verdict,
        blocking=verdict.blocking,
        checks=verdict.checks,
        failed=verdict.failed,
        reused=reused,
    )
