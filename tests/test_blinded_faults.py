"""Errors of a blinded study tell no arm: whatever is wrong with the list of who got what, in any format."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.core.fail_points import ACTION, POINT
from pipelines.land import land
from pipelines.study import Study
from tests.blinded_faults import ARMS, WORDS, by_hand, faulty_study, told
from tests.canaries import holding

# What is asked of a study after something went wrong.
ASKED = (
    ("land", "--json"), ("status",), ("status", "--json"), ("audit",), ("audit", "--json"), ("audit", "--review"),
    ("queries",), ("history",), ("verify",), ("trends",), ("build", "--json"), ("run",), ("unblind", "--scope", "all"),
)  # fmt: skip


def afterglow(study: Study, *words: str, temporary: Path, **variables: str) -> bytes:
    """Runs a command as a user would, and returns all that it says."""
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONFAULTHANDLER": "1"} | variables
    command = [sys.executable, "-X", "dev", "-m", "pipelines.cli", words[0], str(study.folder.root), *words[1:]]
    done = subprocess.run(command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def written(study: Study, temporary: Path) -> list[Path]:
    """Returns what lies outside the vault, other than what was delivered and the study file that names the arms."""
    root = study.folder.root
    files = [path for path in root.rglob("*") if path.is_file()]
    mine = [path for path in files if path.relative_to(root).parts[0] not in {"vault", "inbox", "study.yml"}]
    return mine + [path for path in temporary.rglob("*") if path.is_file()]


def telling(study: Study, temporary: Path) -> list[str]:
    files = written(study, temporary)
    assert files
    found = {path for path in files if told(path.read_bytes())} | set(holding(files, *WORDS))
    return sorted(str(path) for path in found)


@pytest.mark.requirement("BLD-3")
@pytest.mark.slow
def test_no_message_and_no_file_tells_an_arm_whatever_is_wrong_with_the_list_of_them(tmp_path: Path) -> None:
    study, temporary = faulty_study(tmp_path / "small", cases=4), tmp_path / "temporary"
    temporary.mkdir()
    said = {"land": afterglow(study, "land", temporary=temporary)}
    receipts = land(study).deliveries
    codes = {code for receipt in receipts for code in receipt.codes}
    # Refused, held and set aside, for many reasons.
    assert {"F_CONTRACT", "F_RAGGED", "F_QUOTE", "F_NUL", "F_ENCODING", "H_UNBLIND", "Q_CODE", "Q_DATE"} <= codes
    assert {receipt.outcome for receipt in receipts} == {"accepted", "warned", "refused", "held"}
    said |= {" ".join(words): afterglow(study, *words, temporary=temporary) for words in ASKED}
    assert {name: told(words) for name, words in said.items() if told(words)} == {}
    assert telling(study, temporary) == []
    # They are where they may be, and are found there.
    assert told(b"".join(path.read_bytes() for path in study.folder.vault.rglob("*") if path.is_file()))


@pytest.mark.requirement("BLD-3")
@pytest.mark.slow
@pytest.mark.parametrize("action", ["kill", "full"])
@pytest.mark.parametrize("point", ["land.taken", "land.bytes.written", "land.treatment.written", "land.rows.begun:5"])
def test_a_crash_while_such_a_list_lands_tells_no_arm(tmp_path: Path, point: str, action: str) -> None:
    study, temporary = faulty_study(tmp_path / "small", cases=0), tmp_path / "temporary"
    temporary.mkdir()
    said = afterglow(study, "land", temporary=temporary, **{POINT: point, ACTION: action})
    assert told(said) == set()
    assert telling(study, temporary) == []
    shutil.rmtree(temporary)


@pytest.mark.requirement("BLD-3")
def test_an_arm_in_the_wrong_cell_is_kept_in_the_vault_and_the_rest_of_the_row_is_there(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    study = faulty_study(tmp_path / "small", cases=0)
    number = next(n for n, (name, _) in enumerate(by_hand(), start=1) if name == "with one arm in day")
    for path in (study.folder.inbox / "IRT").iterdir():
        if path.name != f"csv_2026-04-{number:02d}.csv":
            path.unlink()
    (receipt,) = [one for one in land(study).deliveries if one.site == "IRT"]
    assert receipt.codes == ("Q_CODE", "Q_DATE")
    (shown,) = study.folder.deliveries.glob(f"{receipt.sha256}/*/text.parquet")
    *_, last = pq.read_table(shown, columns=["site", "id", "day"]).to_pylist()
    assert last == {"site": "S01", "id": "077", "day": None}
    (kept,) = (study.folder.vault / "treatment").glob(f"{receipt.sha256}/*/text.parquet")
    assert pq.read_table(kept)["day"].to_pylist()[-1] == ARMS[1]


@pytest.mark.requirement("BLD-3")
def test_the_search_finds_a_word_in_every_spelling() -> None:
    word = ARMS[0]
    spelt = [
        word.encode(), word.lower().encode(), word[::-1].encode(), word.encode("utf-16-le"), word.encode("utf-16-be"),
        word.encode().hex().encode(), *(base64.b64encode(b"x" * shift + word.encode() + b"yz") for shift in range(3)),
        hashlib.sha256(word.encode()).hexdigest().encode(),
    ]  # fmt: skip
    assert [content for content in spelt if told(b"..." + content + b"...") != {word}] == []
    assert told(b"nothing of that kind") == set()
