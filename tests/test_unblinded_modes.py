"""An unblinded cut is its owner's, or the unblinded group's to read, from its first byte; others see blinded ones."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.cut import Cut
from pipelines.export import export
from pipelines.modes import apply_modes
from pipelines.publish import publish
from pipelines.run import run
from pipelines.study import Study, load_study
from tests.blinded_trial import make_blinded, unblind_by_two

NOBODY = 65534
SETPRIV = shutil.which("setpriv")
TRIAL, OTHER = [group for group in grp.getgrall() if group.gr_gid not in {0, NOBODY}][:2]


@pytest.fixture(scope="module")
def reachable() -> Iterator[Path]:
    """Yields a folder that every user of the system may enter; `tmp_path` is its owner's alone."""
    folder = Path(tempfile.mkdtemp(prefix="modes-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def unblinded(reachable: Path) -> Study:
    """Returns a study with a published blinded cut whose arms two signers opened."""
    study = make_blinded(reachable / "small")
    run(study)
    unblind_by_two(study)
    return study


def may(test: str, paths: list[Path], *groups: grp.struct_group) -> set[Path]:
    """Returns which paths a user of these groups, and of no other, may read (`-r`) or write (`-w`)."""
    assert SETPRIV
    ask = f'while IFS= read -r path; do [ {test} "$path" ] && printf "%s\\n" "$path"; done; true'
    command = [
        SETPRIV,
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--groups=" + ",".join(str(group.gr_gid) for group in groups),
        "sh",
        "-c",
        ask,
    ]
    names = "".join(f"{path}\n" for path in paths)
    done = subprocess.run(command, input=names, check=True, capture_output=True, text=True)
    return set(map(Path, done.stdout.splitlines()))


@pytest.mark.requirement("BLD-1")
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or SETPRIV is None, reason="only root can try as another user, with setpriv")
@pytest.mark.parametrize("named", [False, True], ids=["without a group", "with a group"])
def test_nobody_else_reads_an_unblinded_cut_from_its_first_byte_on(
    unblinded: Study, reachable: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    shutil.copytree(unblinded.folder.root, reachable / str(named) / "small")
    study = load_study(reachable / str(named) / "small")
    seen: list[tuple[str, set[Path]]] = []
    temporary = reachable / f"temporary-{named}"
    temporary.mkdir(mode=0o755)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    apply_modes(study, group=TRIAL.gr_name, unblinded_group=OTHER.gr_name if named else None)
    cut_id = ""

    def look(point: str) -> None:
        # At every step on the way, under whichever name the files lie then.
        made = [path for path in study.folder.cuts.iterdir() if path.name != blinded]
        made += temporary.iterdir()
        files = [each for path in made for each in (path, *path.rglob("*"))]
        if leaked := may("-r", files, TRIAL):
            seen.append((point, leaked))

    (blinded,) = [path.name for path in study.folder.cuts.iterdir()]
    before = os.umask(0)
    try:
        for module in ("pipelines.core.files", "pipelines.build.step"):
            monkeypatch.setattr(f"{module}.reached", look)
        cut_id = run(study, blinded=False).cut_id
        publish(study, cut_id)
        export(study, profile="none", to=reachable / f"shared-{named}", cut_id=cut_id)
    finally:
        os.umask(before)
    assert seen == []
    cut = Cut(study.folder, cut_id)
    opened = [path for root in (cut.directory, reachable / f"shared-{named}") for path in (root, *root.rglob("*"))]
    assert len(opened) > 50
    assert may("-r", opened, TRIAL) == may("-w", opened, TRIAL) == set()
    # Whoever may see arms works with the study, too.
    assert may("-w", opened, TRIAL, OTHER) == set()
    assert may("-r", opened, TRIAL, OTHER) == (set(opened) if named else set())
    # What is blinded is there for all who work with the study.
    tables = sorted(Cut(study.folder, blinded).tables.glob("*.parquet"))
    assert may("-r", tables, TRIAL) == set(tables)
