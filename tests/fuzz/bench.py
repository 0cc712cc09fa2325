"""One fuzz case after another through landing, each held against what a second reader finds in the same bytes.

Every case goes through intake, archive and reader, as `land` calls them; every sixth through `land` itself, to Parquet
files and receipts. To be quick, parsers run in this process, but for every 50th case, where they have their child
process as in production. Should a parser end this process, the driver tries the case again alone, with the child.
"""

from __future__ import annotations

import contextlib
import gzip
import importlib
import io
import json
import re
import shutil
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.core.hashing import sha256_bytes
from pipelines.land import DeliveryReceipt, delivery, land, landing
from pipelines.land.archives import unpacked
from pipelines.land.contract import contract_for
from pipelines.land.intake import Found, take_copy
from pipelines.land.readers import child, forking, read_text_rows
from pipelines.land.receipts import REASONS, RefusedError
from pipelines.land.store import delivered_path, landing_directory, open_vault
from pipelines.study import Study, load_study
from tests.fuzz.mutators import mutated
from tests.fuzz.second_readers import read_again
from tests.fuzz.seeds import CANARY, Seed, seeds
from tests.small_study import STUDY_FILE

LANDED_EVERY, CHILD_EVERY = 6, 50
SITE = "S01"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is delivered: a seed, mutated. It is named by its number and the run's seed."""

    number: int
    seed: Seed
    delivered: bytes
    mutations: list[str]
    file: str

    @property
    def path_of(self) -> str:
        """Where it goes: through `land` as a whole, or up to its rows as text."""
        return "landed" if self.number % LANDED_EVERY == 0 else "read"


@dataclass(kw_only=True)
class Verdict:
    """What became of a case; `fault` is empty where every promise was kept."""

    number: int
    seed: str
    mutations: list[str]
    file: str
    path_of: str
    outcome: str
    codes: list[str]
    rows: int
    checked: bool = False
    fault: str = ""
    lost: int = 0
    contained: str = ""


def make_case(run: int, number: int, skip: frozenset[int] = frozenset()) -> Case:
    """Returns the case of this number; the same number is the same bytes at any time."""
    seed = seeds()[number % len(seeds())]
    # Another day for each: the cases of a batch lie in one inbox.
    day = (date(2030, 1, 1) + timedelta(days=number % 9999)).isoformat()
    delivered, names = mutated(seed, f"{run}/{number}", day, skip)
    return Case(number=number, seed=seed, delivered=delivered, mutations=names, file=seed.file(day))


class Here:
    """Parses in this process what the child would parse, to the same statuses."""

    def run(self, job: dict[str, Any]) -> int:
        """Returns the exit status that the child would have."""
        result = forking.Result(Path(job["result"]))
        try:
            with contextlib.closing(result):
                module = importlib.import_module(job["parser"])
                for table in module.parse(Path(job["path"]), job["form"], job["columns"]):
                    result.write(table)
        except RefusedError as refusal:
            document = {"code": refusal.code, "detail": refusal.detail, "header": result.header}
            result.path.with_suffix(".json").write_text(json.dumps(document), encoding="utf-8")
            return forking.REFUSED
        except MemoryError:
            return forking.NO_MEMORY
        except Exception:  # noqa: BLE001 - the child would end with its traceback
            return 1
        return 0


class Bench:
    """A study whose only site delivers every seed, on an empty inbox for each batch."""

    def __init__(self, root: Path, note: Callable[[int], None] = lambda _: None, *, quick: bool = True) -> None:
        root.mkdir(parents=True, exist_ok=True)
        layouts = {"edc": [seed.layout() for seed in seeds()]}
        head = STUDY_FILE[: STUDY_FILE.index("sites:")].replace("limit_pct: 60", "limit_pct: 100")
        rest = STUDY_FILE[STUDY_FILE.index("arms:") : STUDY_FILE.index("layouts:")]
        sites = {SITE: {"name": "All", "layout": "edc"}}
        # JSON is YAML.
        text = f"{head}sites: {json.dumps(sites)}\n{rest}layouts: {json.dumps(layouts)}\n"
        (root / "study.yml").write_text(text, encoding="utf-8")
        self.study: Study = load_study(root)
        self.told = note
        self.quick = quick
        self.current = 0
        self.crashes: dict[str, str] = {}

    def run(self, cases: list[Case]) -> list[Verdict]:
        """Returns what became of each case."""
        inbox = self.study.folder.inbox / SITE
        self.crashes.clear()
        self._forget()
        inbox.mkdir(parents=True)
        verdicts = []
        with self._patched({case.file: case.number for case in cases}):
            for case in cases:
                if case.path_of == "landed":
                    (inbox / case.file).write_bytes(case.delivered)
            receipts = {receipt.file: receipt for receipt in land(self.study, workers=1).deliveries}
            for case in cases:
                self.note(case.number)
                verdict = self._landed(case, receipts[case.file]) if case.file in receipts else self._read(case)
                verdicts.append(verdict)
        return verdicts

    def note(self, number: int) -> None:
        """Says which case is at work."""
        self.current = number
        self.told(number)

    def _forget(self) -> None:
        folder = self.study.folder
        for part in (folder.inbox, folder.root / "store", folder.vault):
            shutil.rmtree(part, ignore_errors=True)

    @contextlib.contextmanager
    def _patched(self, numbers: dict[str, int]) -> Iterator[None]:
        """Lets a fault of one delivery end that delivery only."""

        server = child._server

        def one(connection: Any, study: Study, arrival: Any, copy: Path, first: str) -> DeliveryReceipt:
            self.note(numbers[arrival.file])
            try:
                return delivery.land_delivery(connection, study, arrival, copy, first)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                self.crashes[arrival.file] = where(error)
                return delivery.refused_receipt(arrival.site, arrival.file, arrival.sha256, RefusedError("F_PARSE"))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(landing, "land_delivery", one)
            patch.setattr(child, "_server", lambda: Here() if self.quick and self.current % CHILD_EVERY else server())
            yield

    def _verdict(self, case: Case, outcome: str, codes: list[str], rows: int, said: str) -> Verdict:
        verdict = Verdict(
            number=case.number, seed=case.seed.name, mutations=case.mutations, file=case.file, path_of=case.path_of,
            outcome=outcome, codes=codes, rows=rows,
        )  # fmt: skip
        if outcome not in {"accepted", "warned", "refused", "held"} or not set(codes) <= set(REASONS):
            verdict.fault = f"unknown outcome or code: {outcome} {codes}"
        elif CANARY in said:
            verdict.fault = "leak: a subject's value is told"
        # A parser that broke is no fault: its child process is there for it.
        ended = re.search(r"Its reader [a-z ]+|F_TIMEOUT", said)
        verdict.contained = ended.group() if ended else ""
        return verdict

    def _read(self, case: Case) -> Verdict:
        """Takes a case up to its rows as text, as `land_delivery` does."""
        folder = self.study.folder
        open_vault(folder)
        path, copy = folder.vault / case.file, folder.vault / "copy"
        path.write_bytes(case.delivered)
        matched = contract_for(self.study, SITE, case.file)
        assert matched is not None
        contract, day = matched
        try:
            take_copy(Found(site=SITE, path=path), copy)
            expected = contract.expected_name(day)
            with unpacked(copy, case.file, expected, contract.export.format.type, folder.vault) as content:
                text = read_text_rows(content, contract)
                verdict = self._verdict(case, "accepted", list(text.codes), text.table.num_rows, repr(text.codes))
                compare(verdict, case, text.table)
        except RefusedError as refusal:
            verdict = self._verdict(case, "refused", [refusal.code], 0, str(refusal))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            verdict = self._verdict(case, "refused", [], 0, "")
            verdict.fault = f"crash: {where(error)}"
        path.unlink()
        copy.unlink(missing_ok=True)
        return verdict

    def _landed(self, case: Case, receipt: DeliveryReceipt) -> Verdict:
        """Holds a receipt, and the files beside it, against what was delivered."""
        folder = self.study.folder
        directory = landing_directory(folder, receipt.sha256, receipt.landing_key)
        written = directory / "receipt.json"
        said = repr(receipt) + (written.read_text(encoding="utf-8") if written.is_file() else "")
        verdict = self._verdict(case, receipt.outcome, list(receipt.codes), receipt.rows_in, said)
        kept = delivered_path(folder, receipt.sha256, receipt.file)
        if case.file in self.crashes:
            verdict.fault = f"crash: {self.crashes[case.file]}"
        elif receipt.rows_in != receipt.rows_accepted + receipt.rows_quarantined:
            verdict.fault, verdict.lost = "rows are not conserved", 1
        elif receipt.sha256 != sha256_bytes(case.delivered):
            verdict.fault = "the receipt's hash is not the delivery's"
        elif case.delivered and (kept is None or kept.read_bytes() != case.delivered):
            verdict.fault = "the delivered bytes are not kept"
        elif not verdict.fault and receipt.outcome != "refused":
            table = pq.read_table(directory / "text.parquet")
            if table.column("_source_row").to_pylist() != list(range(1, receipt.rows_in + 1)):
                verdict.fault, verdict.lost = "rows are missing from text.parquet", abs(receipt.rows_in - len(table))
            else:
                compare(verdict, case, table)
        return verdict


def compare(verdict: Verdict, case: Case, table: pa.Table) -> None:
    """Holds rows that landed against what a second reader finds in the delivered bytes."""
    second = read_again(case.seed, _unpacked_again(case))
    if second is None or verdict.fault:
        return
    verdict.checked = True
    if len(second.rows) != table.num_rows:
        verdict.lost = max(0, len(second.rows) - table.num_rows)
        verdict.fault = f"{len(second.rows)} rows were delivered, {table.num_rows} landed"
        return
    for position, name in enumerate(second.header):
        if case.seed.types.get(name, {}).get("class") == "drop":
            continue
        expected = [row[position] for row in second.rows]
        if name not in table.column_names:
            verdict.fault = f"column number {position + 1} was delivered and did not land"
            return
        landed = [value or "" for value in table.column(name).to_pylist()]
        different = [i for i, (a, b) in enumerate(zip(expected, landed, strict=True), 1) if a is not None and a != b]
        if different:
            verdict.fault = f"row {different[0]}, column number {position + 1}: another text landed"
            return


def _unpacked_again(case: Case) -> bytes:
    with contextlib.suppress(Exception):  # what cannot be unpacked has no second opinion
        if case.seed.packing == ".gz":
            return gzip.decompress(case.delivered)
        if case.seed.packing == ".zip":
            with zipfile.ZipFile(io.BytesIO(case.delivered)) as archive:
                return archive.read(archive.namelist()[0])
    return case.delivered


def where(error: BaseException) -> str:
    """Returns an error's kind and place, without its message: that may quote the file."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
