"""Fail points: named moments at which a test ends this process, fills its disk or holds it; in use they do nothing.

Every durable change passes through four of them, so that what a crash leaves behind at each can be looked at:

begun     its temporary name is there, and nothing in it yet
written   all is written, and nothing of it need have reached the disk
synced    all of it is on the disk, under the temporary name
placed    it has its name, which need not have reached the disk

Rule    inert unless AFTERGLOW_FAIL_POINT names one (`publish.pointer.synced`, or `land.rows.synced:3` for the third
        time), and then AFTERGLOW_FAIL_ACTION says what happens
"""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter

POINT = "AFTERGLOW_FAIL_POINT"
ACTION = "AFTERGLOW_FAIL_ACTION"

STAGES = ("begun", "written", "synced", "placed")
# What becomes durable, in the order in which a run comes by.
CHANGES = {
    "land.blinding": "that the study is blinded",
    "land.key": "the study's key",
    "land.commitment": "what tells that key from any other",
    "land.identity": "by which name a delivery goes whose bytes tell the arm",
    "land.arrival": "that a file was seen",
    "land.sidecar": "what a sidecar states of a file",
    "land.bytes": "the delivered bytes",
    "land.treatment": "what reveals the arm",
    "land.rows": "the rows and the receipt",
    "build.cut": "a candidate",
    "gate.queries": "what the cut asks of its sites",
    "gate.verdict": "the verdicts of the gates",
    "report.pages": "the report",
    "manifest": "the manifest that signatures bind to",
    "sign.signature": "a signature",
    "sign.copy": "a copy of the study file that is signed",
    "sign.study_file": "the signature of a study file",
    "sign.register": "a change of the register of signers",
    "publish.page": "the page of the signatures",
    "publish.seal": "the seal",
    "publish.pointer": "the pointer",
    "publish.unblinding": "a copy of the unblinding that let a cut show arms",
    "waive.waiver": "a waiver",
    "lock.record": "a lock of the data, or its end",
    "unblind.request": "what two signers are asked to open",
    "unblind.signature": "the signature of one of them",
    "unblind.code_break": "who was told the arm of whom",
    "query.bytes": "a site's file of answers",
    "query.answers": "what it answered",
    "backup.file": "a backup",
    "restore.folder": "a restored study",
}
# Between them.
MOMENTS = {
    "ledger.held": "the ledger is held, the events are not written",
    "ledger.appended": "they are written and not committed",
    "ledger.committed": "they are committed, and what they tell of goes on",
    "land.taken": "copies are taken, nothing has landed",
    "build.created": "the database holds what landed, dbt has not run",
    "build.derived": "dbt has run, no table is written",
    "publish.allowed": "gates and signatures were looked at, nothing is written",
    "publish.durable": "the cut is durable, the pointer is not moved",
    "publish.fenced": "older runs may no longer publish, the pointer is not moved",
}
POINTS = (*(f"{change}.{stage}" for change in CHANGES for stage in STAGES), *MOMENTS)

# How often each was reached, where AFTERGLOW_FAIL_POINT is set, if only to `*`.
passed: Counter[str] = Counter()


def reached(point: str) -> None:
    """Marks that the process got here; does what AFTERGLOW_FAIL_ACTION says where AFTERGLOW_FAIL_POINT names it.

    `kill` and `term` send SIGKILL and SIGTERM, `full` says that the disk is full, `stop` waits for SIGCONT.
    """
    asked = os.environ.get(POINT)
    if not asked:
        return
    passed[point] += 1
    name, _, time = asked.partition(":")
    if name != point or passed[point] != int(time or 1):
        return
    action = os.environ.get(ACTION, "kill")
    if action == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    signals = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "stop": signal.SIGSTOP}
    os.kill(os.getpid(), signals[action])
