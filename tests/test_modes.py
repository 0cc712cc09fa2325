"""The modes of the files hold what no command can: the vault, and unblinded cuts."""

from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from pipelines.core.errors import UsageError
from pipelines.cut import Cut
from pipelines.modes import apply_modes
from pipelines.study import Study
from tests.small_cut import make_candidate, small_study

OWN = grp.getgrgid(os.getegid()).gr_name


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def prepared(root: Path) -> tuple[Study, Cut]:
    study = small_study(root)
    cut = make_candidate(study)
    blinded = study.model_copy(update={"blinding": "blinded"})
    blinded._folder = study._folder
    study.folder.vault.mkdir(exist_ok=True)
    study.folder.vault.chmod(0o755)
    return blinded, cut


@pytest.mark.requirement("BLD-1")
def test_the_vault_is_its_owners_and_an_unblinded_cut_is_too_until_a_group_is_named(tmp_path: Path) -> None:
    study, cut = prepared(tmp_path)
    receipt = apply_modes(study, group=OWN)
    assert mode(study.folder.vault) == 0o700
    assert mode(cut.directory) == 0o700
    assert mode(study.folder.cuts) == 0o750
    assert mode(study.folder.ledger) == 0o640
    assert receipt.left == ()
    apply_modes(study, group=OWN, unblinded_group=OWN)
    assert mode(cut.directory) == 0o750


def test_a_group_that_the_system_does_not_have_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    study, cut = prepared(tmp_path)
    before = mode(study.folder.vault), mode(cut.directory)
    with pytest.raises(UsageError, match="no group 'no-such-group'"):
        apply_modes(study, group="no-such-group")
    assert (mode(study.folder.vault), mode(cut.directory)) == before


def test_what_only_root_may_do_is_told_as_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, cut = prepared(tmp_path)

    def refused(*_: object) -> None:
        raise PermissionError

    other = next(group for group in grp.getgrall() if group.gr_gid != os.getegid())
    monkeypatch.setattr(os, "chown", refused)
    receipt = apply_modes(study, group=OWN, unblinded_group=other.gr_name)
    assert receipt.left == (f"chgrp {other.gr_name} {cut.directory}",)
