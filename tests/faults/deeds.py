"""What persons do beside the runs of a study, killed at every fail point on its way, and done again.

Each deed is a command: lock, unlock, unblind, break a code, register a signer, sign a study file, waive, take in
answers, back up, restore. Given again after a fault, it is done once and told once.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unittest.mock import patch

import pyarrow.parquet as pq

from pipelines.core import fail_points
from pipelines.ledger import events, system_user
from pipelines.signers import ADMIN, add_signer, public_key
from pipelines.study import Study, load_study
from pipelines.study.folder import StudyFolder
from tests.faults import invariants
from tests.faults.cases import EXIT_CODES, Range
from tests.faults.edited import edit
from tests.faults.processes import Ended, command, run_forked
from tests.faults.stand_ins import CHECK, QUERY, SIGNED, deliver_first, quick_steps
from tests.small_signers import key_file, key_of, signer_of

_ROLES = (ADMIN, "approver", "data_manager", "unblinded_statistician")
# Done already, or not allowed a second time: said after a fault that came when all was done.
_AGAIN = (0, 2, 13)
# Told before they are done, and so told again when they are asked for again: a code that is broken, and a backup.
_TOLD_AGAIN = frozenset({"code_break", "backup", "store"})
_WRITTEN = (
    "signers/*", "store/locks/*", "store/unblinding/*/*.json", "store/unblinding/*/signatures/*", "store/code_breaks/*",
    "store/study_files/*", "store/answers/*", "vault/answers/*/*", "cuts/*/waivers/*",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A command in a state; `{study}`, `{key}`, `{room}` and `{subject}` in its arguments stand for what is there."""

    name: str
    state: str
    arguments: tuple[str, ...]


_REASON = ("--reason", "a reason", "--key", "{key}")
DEEDS = (
    Deed(name="lock", state="signed", arguments=("lock", "{study}", *_REASON)),
    Deed(name="unlock", state="locked", arguments=("unlock", "{study}", *_REASON)),
    Deed(name="unblind", state="signed", arguments=("unblind", "{study}", "--scope", "all", *_REASON)),
    Deed(name="code break", state="signed", arguments=("code-break", "{study}", "--usubjid", "{subject}", *_REASON)),
    Deed(
        name="signer",
        state="signed",
        arguments=(
            "signer", "add", "{study}", "bob", "--name", "Bob", "--role", "approver",
            "--public-key", public_key(key_of("bob")), *_REASON,
        ),
    ),
    Deed(
        name="sign the study file",
        state="changed",
        arguments=("sign", "{study}", "--study-file", "--role", "approver", *_REASON),
    ),
    Deed(
        name="waive",
        state="blocked",
        arguments=("waive", "{study}", "--check", CHECK, "--until", "2999-12-31", "--role", "approver", *_REASON),
    ),
    Deed(name="answers", state="signed", arguments=("queries", "{study}", "--import", "{room}/answers.csv")),
    Deed(name="publish what was opened", state="opened", arguments=("publish", "{study}")),
    Deed(name="backup", state="signed", arguments=("backup", "{study}", "{room}/out/backup.tar", "--with-vault")),
    Deed(name="restore", state="signed", arguments=("restore", "{room}/backup.tar", "{room}/out/restored")),
)  # fmt: skip


class Persons:
    """The states in which persons do something, made once from a range of runs; each is a study that somebody signs.

    signed   a cut is signed and published
    locked   the same, and the data are locked
    changed  the same as signed, and the study file was changed since
    opened   a cut that shows the arms, as two signers asked, signed and not published
    blocked  a cut that a critical check blocks, in a study with a signed one
    """

    def __init__(self, place: Range) -> None:
        """Makes the states."""
        self.place = place
        self.key = str(key_file(place.room / "ada.key", "ada"))
        self.out = place.room / "out"
        (place.room / "answers.csv").write_text(f"query_id,answer\n{QUERY},corrected\n")
        shutil.rmtree(place.place, ignore_errors=True)
        deliver_first(place.place, SIGNED)
        self._done("run", "{study}", code=13)
        ada = signer_of("ada", *_ROLES, users=(system_user(),))
        for wanted in (ada, signer_of("eve", "unblinded_statistician")):
            add_signer(load_study(place.place), wanted, key=key_of("ada"))
        self._done("sign", "{study}", "--role", "approver", "--key", "{key}")
        self._done("publish", "{study}")
        self._keep("signed")
        self._done("backup", "{study}", "{room}/backup.tar", "--with-vault")
        self.put("signed")
        self._done("lock", "{study}", *_REASON)
        self._keep("locked")
        self.put("signed")
        edit(place.place / "study.yml")
        self._keep("changed")
        self.put("signed")
        for key in (self.key, str(key_file(place.room / "eve.key", "eve"))):
            self._done("unblind", "{study}", "--scope", "all", "--reason", "a reason", "--key", key)
        self._done("build", "{study}", "--open")
        for verb in ("gate", "report"):
            self._done(verb, "{study}")
        self._done("sign", "{study}", "--role", "approver", "--key", "{key}")
        self._keep("opened")
        self.put("signed")
        self._done("build", "{study}", "--data-cutoff", "2026-01-31")
        self._done("gate", "{study}", code=12, blocked=True)
        self._done("report", "{study}")
        self._keep("blocked")
        rows = next((place.room / "states" / "signed" / "store" / "deliveries").glob("*/*/rows/ds.parquet"))
        self.subject = str(pq.read_table(rows)["usubjid"][0])
        self.points: dict[str, list[str]] = {}
        self.expected: dict[str, Counter[tuple[str, ...]]] = {}
        for deed in DEEDS:
            self._undisturbed(deed)

    def put(self, state: str) -> None:
        """Puts the state in its place."""
        self.place.put(state)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def run(self, *arguments: str, point: str = "", action: str = "kill", blocked: bool = False) -> Ended:
        """Runs a command in a process of its own."""
        return run_forked(self._act(arguments, blocked=blocked), self.place.room / "log", point=point, action=action)

    def play(self, deed: Deed, point: str, action: str) -> None:
        """Plays one case.

        Raises:
            BrokenError: an invariant does not hold, or the deed is not done once.
        """
        self.put(deed.state)
        study = load_study(self.place.place)
        published = invariants.undisturbed(study)
        ended = self.run(*deed.arguments, point=point, action=action)
        invariants.check_it_was_loud(ended, EXIT_CODES[action])
        self._check(study, published)
        again = self.run(*deed.arguments)
        invariants.check_it_was_loud(again, again.code if again.code in _AGAIN else 0)
        self._check(study, published)
        found, expected = self._outcome(study), self.expected[deed.name]
        wrong = {key for key in found | expected if (key in found) != (key in expected)}
        wrong |= {key for key in found if found[key] != expected[key] and key[0] not in _TOLD_AGAIN}
        if wrong:
            msg = f"I5: {deed.name} is not what it is undisturbed: {sorted(wrong)}"
            raise invariants.BrokenError(msg)
        # The next step that takes the study's lock, and the next landing, remove what a killed process left.
        with contextlib.suppress(SystemExit):
            self.run("run", "{study}")
        invariants.check_nothing_is_left(study, self.place.temporary, but=self.out)

    def _check(self, study: Study, published: invariants.Undisturbed) -> None:
        invariants.check_published_cut_is_whole(study)
        invariants.check_is_one_of(study, published)
        invariants.check_audit_trail_holds(study)
        invariants.check_nothing_got_out(study, self.place.temporary, self.place.room / "log")

    def _outcome(self, study: Study) -> Counter[tuple[str, ...]]:
        """Returns how often what was told, and how many files each place has."""
        restored = self.out / "restored"
        found: Counter[tuple[str, ...]] = Counter()
        for folder in (study.folder, *([StudyFolder(restored)] if restored.is_dir() else [])):
            told = [event for each in events(folder) if (event := each.event) and event.action != "failure"]
            found.update((one.action, folder.root.name, one.object, one.field) for one in told)
        for pattern in _WRITTEN:
            for path in study.folder.root.glob(pattern):
                if not path.name.startswith("."):
                    found["store", pattern, path.suffix] += 1
        for path in self.out.iterdir():
            found["out", path.name] = 1
        return found

    def _undisturbed(self, deed: Deed) -> None:
        self.put(deed.state)
        counts = self.place.room / "passed"
        act = self._act(deed.arguments)

        def count() -> None:
            try:
                act()
            finally:
                counts.write_text(json.dumps(fail_points.passed))

        ended = run_forked(count, self.place.room / "log", point="*")
        assert ended.code == 0, f"{deed.name}: {ended}"
        known = {name: times for name, times in json.loads(counts.read_text()).items() if name in fail_points.POINTS}
        self.points[deed.name] = [f"{point}:{time}" for point, times in known.items() for time in range(1, times + 1)]
        self.expected[deed.name] = self._outcome(load_study(self.place.place))

    def _done(self, *arguments: str, code: int = 0, blocked: bool = False) -> None:
        ended = self.run(*arguments, blocked=blocked)
        assert ended.code == code, f"{arguments}: {ended}"

    def _keep(self, state: str) -> None:
        shutil.copytree(self.place.place, self.place.room / "states" / state)

    def _act(self, arguments: tuple[str, ...], *, blocked: bool = False) -> Callable[[], None]:
        known = {
            "study": str(self.place.place),
            "key": self.key,
            "room": str(self.place.room),
            "subject": getattr(self, "subject", ""),
        }
        filled = [argument.format(**known) for argument in arguments]

        def act() -> None:
            with quick_steps(blocked=blocked), patch("pipelines.cli.signing.click.prompt", lambda *_, **__: ""):
                command(*filled)()

        return act


def deeds(persons: Persons) -> Iterator[tuple[Deed, str, str]]:
    """Yields every action at every passing of every point of every deed."""
    for deed in DEEDS:
        for point in persons.points[deed.name]:
            for action in EXIT_CODES:
                yield deed, point, action
