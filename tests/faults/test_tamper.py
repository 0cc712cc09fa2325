"""Whatever is changed in a published study, verify names it; `make tamper` does so many thousand times."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError
from pipelines.ledger import take_stock
from pipelines.study import Study, load_study
from pipelines.verify import verify
from tests.faults.cases import Range
from tests.faults.furnished import furnish
from tests.faults.processes import run_forked
from tests.faults.tamper import CHANGES, EXCEPTIONS, deleted, files_of, flipped, is_named, tamper

# What a step of a study writes beside its cuts: each of these is among the files that are changed.
PLACES = (
    "published/CURRENT", "signers/", "store/answers/", "store/arrivals/", "store/blinding.json", "store/code_breaks/",
    "store/deliveries/", "store/inventory.json", "store/locks/", "store/pseudonym_key.json", "store/sidecars/",
    "store/study_files/", "store/unblinding/", "vault/answers/", "vault/deliveries/", "vault/export.key",
    "vault/identities/", "vault/inventory.json", "vault/inventory.key", "vault/pseudonym.key", "vault/refused/",
    "vault/treatment/",
)  # fmt: skip


@pytest.fixture
def furnished(place: Range) -> Study:
    place.put("reported")
    assert place.run().code == 0
    study = load_study(place.place)
    furnish(study, place.room)
    return study


@pytest.mark.requirement("AUD-3")
def test_whatever_is_changed_is_found_and_named(furnished: Study) -> None:
    done = list(islice(tamper(furnished, seed=7), 300))
    assert [one for one in done if not one[2]] == []
    assert {how for how, _, _ in done} == {"added", "exchanged", "ledger", *(change.__name__ for change in CHANGES)}
    verify(furnished)


@pytest.mark.requirement("AUD-3")
def test_a_bit_of_every_file_is_missed_and_every_file_that_is_gone(furnished: Study) -> None:
    root, chance = furnished.folder.root, random.Random(3)  # noqa: S311 - to try things, not to hide them
    files = files_of(furnished)
    names = [path.relative_to(root).as_posix() for path in files]
    assert [place for place in PLACES if not any(name.startswith(place) for name in names)] == []
    others = {path.relative_to(root).parts[0] for path in root.rglob("*") if path.is_file()} - {
        name.split("/")[0] for name in names
    }
    assert others == set(EXCEPTIONS)
    for path in files:
        content, mode = path.read_bytes(), path.stat().st_mode
        for change in (flipped, deleted):
            path.chmod(0o644)
            changed = change(content, chance)
            path.write_bytes(changed) if changed is not None else path.unlink()
            assert is_named(furnished, str(path)), (change.__name__, path)
            path.write_bytes(content)
        path.chmod(mode)
    verify(furnished)


@pytest.mark.requirement("AUD-3")
@pytest.mark.parametrize(
    ("name", "content"), [("added.parquet", b"added"), ("0007.json", b"{}\n"), ("a.yml", b"a: 1\n")]
)
def test_a_file_that_no_step_wrote_is_named_wherever_it_lies(furnished: Study, name: str, content: bytes) -> None:
    root = furnished.folder.root
    # A person may put a file of their own beside the study file, or sign another study file.
    spared = {root, root / "store" / "study_files"} if name.endswith(".yml") else {root}
    for folder in sorted({path.parent for path in files_of(furnished)} - spared):
        path = folder / name
        path.write_bytes(content)
        assert is_named(furnished, str(path)), path
        path.unlink()
    verify(furnished)


@pytest.mark.requirement("AUD-3")
def test_a_study_file_that_was_changed_since_the_last_step_is_a_notice(furnished: Study) -> None:
    path = furnished.folder.study_file
    assert not [notice for notice in verify(furnished).notices if str(path) in notice]
    path.write_bytes(path.read_bytes() + b"# a remark\n")
    assert [notice for notice in verify(furnished).notices if str(path) in notice]


@pytest.mark.requirement("AUD-3")
def test_a_later_step_does_not_take_a_changed_file_for_a_good_one(furnished: Study) -> None:
    for name in ("store/arrivals", "store/answers", "vault/identities"):
        path = next((furnished.folder.root / name).iterdir())
        content = path.read_bytes()
        path.write_bytes(flipped(content, random.Random(1)))  # noqa: S311 - to try things, not to hide them
        take_stock(furnished.folder)
        assert is_named(furnished, str(path))
        path.write_bytes(content)
    # With another inventory in its place nothing is entered any more, and that is told.
    inventory = furnished.folder.root / "store" / "inventory.json"
    inventory.write_bytes(b"{}\n")
    take_stock(furnished.folder)
    assert inventory.read_bytes() == b"{}\n"
    assert is_named(furnished, str(inventory))


@pytest.fixture
def shared_room() -> Iterator[Path]:
    room = Path(tempfile.mkdtemp(dir="/tmp"))
    room.chmod(0o755)
    yield room
    shutil.rmtree(room)


@pytest.mark.requirement("BLD-1")
def test_who_may_not_read_the_vault_is_told_that_it_was_not_checked(furnished: Study, shared_room: Path) -> None:
    root = shared_room / "study"
    shutil.copytree(furnished.folder.root, root)
    study = load_study(root)
    assert verify(study).vault_unchecked == ""

    def as_an_auditor() -> None:
        os.seteuid(65534) if os.geteuid() == 0 else study.folder.vault.chmod(0)
        receipt = verify(study)
        assert receipt.vault_unchecked == "you may not read it", receipt
        assert receipt.left_out == receipt.deliveries > 0, receipt
        # What is outside is checked all the same.
        with pytest.raises(IntegrityError, match="arrivals"):
            verify_changed()

    def verify_changed() -> None:
        os.seteuid(0) if os.getuid() == 0 else None
        path = next(study.folder.arrivals.iterdir())
        path.write_bytes(path.read_bytes().replace(b"2", b"3", 1))
        os.seteuid(65534) if os.getuid() == 0 else None
        verify(study)

    ended = run_forked(as_an_auditor, shared_room / "log")
    study.folder.vault.chmod(0o700)
    assert ended.code == 0, ended.said
