"""One study through every verb that changes something, by the command line, and the events that each verb left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.clock import utc_today
from pipelines.ledger import Recorded, events, system_user
from pipelines.roles import ROLES
from pipelines.signers import add_signer, public_key
from pipelines.study import Study, StudyFolder, load_study
from tests.noninterference import allocated, delivered
from tests.queries.asked import Asked, gated_cut
from tests.small_cut import small_study
from tests.small_signers import add_signers, key_file, key_of, signer_of
from tests.small_study import deliver
from tests.test_waive import CHECK, blocked
from tests.validate.test_signing import made as made_package

USER = "dr.dana"
REASON = "as the protocol asks"
QUERY = Asked(query_id="Q-000001-AAAAAA")
# Who may do everything but sign for Airflow, under the login that runs the tests.
DANA = (*(role for role in ROLES if role != "service"), "approver")


@dataclass(kw_only=True)
class Story:
    """What each verb left behind, in the order in which they ran; `trail` is all of the main study's."""

    study: Study
    left: dict[str, list[Recorded]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    @property
    def trail(self) -> list[Recorded]:
        """Every event of the main study."""
        return list(events(self.study.folder))

    def do(self, verb: str, *arguments: str, folder: StudyFolder | None = None, name: str = "") -> None:
        """Runs a verb as a user does, and keeps the events that it left in `folder`, the main study's by default."""
        where = folder or self.study.folder
        before = len(list(events(where))) if where.root.exists() else 0
        done = CliRunner().invoke(main, [*verb.split(), *arguments], env={"AFTERGLOW_USER": USER})
        self.left[name or verb] = list(events(where))[before:]
        self.codes[name or verb], self.said[name or verb] = done.exit_code, done.output


def told(root: Path) -> Story:
    """Tells it: some of the verbs need a study of their own."""
    study = delivered(root / "small", allocated(0, seed=1))
    asked = study.folder.study_file.read_text("utf-8").replace("signoff: none", "signoff: [approver]")
    study.folder.study_file.write_text(asked, encoding="utf-8")
    story = Story(study=load_study(study.folder.root))
    of, key = str(study.folder.root), ("--key", str(key_file(root / "dana.key", "dana")))
    why = ("--reason", REASON)
    registered(story.study)
    eve = ("--name", "EVE", "--role", "approver", "--public-key", public_key(key_of("eve")))
    story.do("signer add", of, "eve", *eve, *key, *why)
    deliver(study, "S01", "scores_2026-03-03.csv", "id,what\n1,2\n")
    story.do("land", of)
    for verb in ("build", "gate", "report"):
        story.do(verb, of)
    story.do("publish", of, name="failure")
    story.do("sign", of, "--role", "approver", *key, *why)
    story.do("publish", of)
    subject = "SMALL-S01-001"
    story.do("lock", of, *key, *why)
    story.do("unlock", of, *key, *why)
    story.do("unblind", of, "--scope", "all", *key, *why)
    story.do("code-break", of, "--usubjid", subject, *key, *why)
    story.do("export", of, "--profile", "cms", "--to", str(root / "shared"))
    story.do("sign", of, "--package", str(made_package(root / "package")), "--role", "approver", "--meaning", "author",
             *key, *why, name="sign --package")  # fmt: skip
    study.folder.study_file.write_text(f"{asked}# changed\n", encoding="utf-8")
    story.do("sign", of, "--study-file", "--role", "approver", *key, *why, name="sign --study-file")
    story.do("signer revoke", of, "eve", *key, *why)
    story.do("roles apply", of, "--group", "root")
    story.do("backup", of, str(root / "backup.tar"), "--with-vault")
    elsewhere = StudyFolder(root / "elsewhere" / "small")
    story.do("restore", str(root / "backup.tar"), str(elsewhere.root), folder=elsewhere)
    waived(story, root, key)
    asked_of_sites(story, root)
    story.do("run", *nothing_delivered(root), folder=StudyFolder(root / "empty"))
    story.do("audit", of, "--erase", "2", *why)
    return story


def registered(study: Study) -> None:
    """Registers an admin, and Dana, whose login is that of who runs the tests."""
    add_signers(study)
    dana = signer_of("dana", *DANA, name="DANA", users=(system_user(),))
    add_signer(study, dana, key=key_of("office"))


def waived(story: Story, root: Path, key: tuple[str, ...]) -> None:
    study = small_study(root / "waived", signoff="[approver]")
    registered(study)
    cut = blocked(study)
    tomorrow = (utc_today() + timedelta(days=1)).isoformat()
    story.do("waive", str(study.folder.root), "--cut", cut.cut_id, "--check", CHECK, "--until", tomorrow,
             "--role", "approver", *key, "--reason", REASON, folder=study.folder)  # fmt: skip


def asked_of_sites(story: Story, root: Path) -> None:
    study = small_study(root / "asked")
    gated_cut(study, "2026-01-10", QUERY)
    of, to = str(study.folder.root), root / "queries"
    story.do("queries", of, "--export", str(to), "--format", "csv", folder=study.folder, name="queries --export")
    (file,) = to.iterdir()
    text = file.read_text(encoding="utf-8-sig")
    file.write_text(re.sub(r",,\s*$", ",confirmed,\n", text), encoding="utf-8-sig")
    story.do("queries", of, "--import", str(file), folder=study.folder, name="queries --import")


def nothing_delivered(root: Path) -> tuple[str]:
    return (str(small_study(root / "empty").folder.root),)
