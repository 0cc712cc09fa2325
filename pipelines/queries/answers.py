"""Answers: a site's file of queries, filled in and sent back.

Reads   the file that `export_queries` wrote, as CSV or xlsx, with a word in `answer` and, if need be, a `comment`
Writes  vault/answers/<sha256>/: the bytes as they came, comments and all
        store/answers/<sha256>.json: which query got which answer, and when
Rule    an answer changes no data: a correction comes with the site's next delivery, and closes the query there. What a
        person wrote freely stays in the vault, since it may name a person or an arm
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pipelines.core.clock import utc_now
from pipelines.core.errors import InputRefusedError, IntegrityError, UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_bytes
from pipelines.ledger import Event, audited, record

if TYPE_CHECKING:
    from pipelines.study import Study, StudyFolder

Said = Literal["corrected", "confirmed", "cannot", "unclear"]
# What each stands for, as it is written over the column that sites fill in.
ANSWERS: dict[Said, str] = {
    "corrected": "it was wrong, and the next export has it right",
    "confirmed": "it was checked, and is right as it stands",
    "cannot": "it is wrong or missing, and nobody can put it right",
    "unclear": "we do not understand the question",
}
SHEET = "Queries"
_LARGEST_BYTES = 16 << 20
_NEEDED = ("query_id", "answer")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a site said of one query; `cut_id` is the newest cut when it came."""

    query_id: str
    answer: Said
    cut_id: str
    received_at: str
    file_sha256: str


@dataclass(frozen=True, kw_only=True)
class ImportReceipt:
    """What an answered file held; `known` when the same bytes had come before."""

    study: str
    sha256: str
    answers: dict[str, int]
    unanswered: int
    sites: tuple[str, ...]
    known: bool


@audited
def import_answers(study: Study, file: Path) -> ImportReceipt:
    """Takes a site's answers in, as a whole or not at all; the same bytes twice are one import.

    Raises:
        InputRefusedError: the file cannot be read, an answer is none of the words, or a query is not known; rows are
            named by number, never what they hold.
        UsageError: there is no such file, or no cut has asked anything yet.
    """
    from pipelines.queries.register import queries

    if not file.is_file():
        msg = f"{file}: there is no such file."
        raise UsageError(msg)
    register = queries(study)
    if not register.cuts:
        msg = f"{study.name}: no cut was gated yet, so no query was asked. Run `afterglow gate {study.name}`."
        raise UsageError(msg)
    content = file.read_bytes() if file.stat().st_size <= _LARGEST_BYTES else b""
    sha256 = sha256_bytes(content)
    rows = _rows(file, content)
    asked = {one.query_id: one for one in register.queries}
    said, unanswered = _checked(file, rows, set(asked))
    sites = tuple(sorted({asked[query_id].siteid or "" for query_id in said}))
    path = study.folder.root / "store" / "answers" / f"{sha256}.json"
    known = path.exists()
    if not known:
        _keep(study.folder, file, content, sha256)
        received_at = utc_now("microseconds")
        document = {"received_at": received_at, "cut_id": register.cuts[-1], "file_sha256": sha256, "answers": said}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, canonical_json(document), change="query.answers")
    happened = [
        Event(
            action="query",
            object=query_id,
            field="answer",
            new=f"{answer} {sha256[:16]}",
            subject=asked[query_id].usubjid or "",
        )
        for query_id, answer in sorted(said.items())
    ]
    # By ids and words alone: what was written beside them is in the vault.
    record(study.folder, Event(action="query", object=f"answers {' '.join(sites)}", new=sha256), *happened)
    counts: dict[str, int] = {answer: sum(one == answer for one in said.values()) for answer in ANSWERS}
    return ImportReceipt(
        study=study.study, sha256=sha256, answers=counts, unanswered=unanswered, sites=sites, known=known
    )


def answers(folder: StudyFolder) -> dict[str, list[Answer]]:
    """Returns the answers to each query, oldest first.

    Raises:
        IntegrityError: a record of answers is not one, or the bytes that it was read from are changed or gone.
    """
    found: dict[str, list[Answer]] = {}
    read: list[Answer] = []
    for path in sorted((folder.root / "store" / "answers").glob("*.json")):
        try:
            document = json.loads(path.read_bytes())
            common = {name: str(document[name]) for name in ("received_at", "cut_id", "file_sha256")}
            read += [Answer(query_id=key, answer=said, **common) for key, said in document["answers"].items()]
        except (ValueError, KeyError, TypeError, AttributeError):
            msg = f"{path}: is no record of answers. Bring it back from the backup, or import the site's file again."
            raise IntegrityError(msg) from None
    for answer in sorted(read, key=lambda one: (one.received_at, one.file_sha256)):
        found.setdefault(answer.query_id, []).append(answer)
    return found


def _keep(folder: StudyFolder, file: Path, content: bytes, sha256: str) -> None:
    from pipelines.land.store import open_vault

    open_vault(folder)
    place = folder.vault / "answers" / sha256
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = place / f"answers{file.suffix.lower()}"
    write_atomically(kept, content, change="query.bytes")
    kept.chmod(0o400)


def _checked(file: Path, rows: list[dict[str, str]], asked: set[str]) -> tuple[dict[str, Said], int]:
    """Returns the answers by query, and how many rows have none."""
    said: dict[str, Said] = {}
    wrong: dict[str, list[int]] = {}
    unanswered = 0
    for number, row in enumerate(rows, start=2):
        query_id, answer = row["query_id"].strip().upper(), row["answer"].strip().lower()
        if not query_id and not answer:
            continue
        if not answer:
            unanswered += 1
            continue
        if query_id not in asked:
            wrong.setdefault("names no query of this study", []).append(number)
        elif answer not in get_args(Said):
            wrong.setdefault(f"has an answer that is none of {', '.join(ANSWERS)}", []).append(number)
        elif said.setdefault(query_id, _word(answer)) != answer:
            wrong.setdefault("answers a query a second time, and otherwise", []).append(number)
    if wrong or not (said or unanswered):
        lines = [f"  row {', '.join(map(str, numbers[:20]))}: {what}" for what, numbers in wrong.items()]
        lines = lines or ["  there is no query in it"]
        msg = "\n".join([f"{file.name}: nothing was taken in.", *lines, "Correct the file and import it again."])
        raise InputRefusedError(msg)
    return said, unanswered


def _word(answer: str) -> Said:
    return next(word for word in ANSWERS if word == answer)


def _rows(file: Path, content: bytes) -> list[dict[str, str]]:
    """Returns the rows of an answered file; its header has been checked."""
    cells = _workbook(file) if file.suffix.lower() == ".xlsx" else _delimited(file, content)
    header = [cell.strip().lower() for cell in cells[0]] if cells else []
    if missing := [name for name in _NEEDED if header.count(name) != 1]:
        msg = f"{file.name}: has no column, or two, of the name {', '.join(missing)}. Send back the file that was sent."
        raise InputRefusedError(msg)
    return [dict.fromkeys(_NEEDED, "") | dict(zip(header, row, strict=False)) for row in cells[1:]]


def _delimited(file: Path, content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel saves as plain CSV; ids and answers are the same bytes in both.
        text = content.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        msg = f"{file.name}: cannot be read as CSV: a quotation mark does not enclose a whole field. Save it again."
        raise InputRefusedError(msg) from None


def _workbook(file: Path) -> list[list[str]]:
    import python_calamine

    from pipelines.land.readers.xlsx_guard import check_workbook
    from pipelines.land.receipts import RefusedError

    try:
        check_workbook(file, SHEET)
        sheet = python_calamine.load_workbook(str(file)).get_sheet_by_name(SHEET)
        return [[str(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except RefusedError as error:
        msg = f"{file.name}: {error}"
        raise InputRefusedError(msg) from None
    except python_calamine.CalamineError:
        msg = f"{file.name}: is no workbook with a sheet '{SHEET}'. Send back the file that was sent."
        raise InputRefusedError(msg) from None
