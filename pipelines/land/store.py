"""The store: what was landed, by the SHA-256 of its bytes; nothing in it is ever changed.

store/deliveries/<sha256>/delivered/<name>            the bytes as delivered (in the vault where they reveal the arm)
store/deliveries/<sha256>/<landing key>/receipt.json    what became of them under one name and contract
                                       /text.parquet, rows/<domain>.parquet, quarantine.parquet, transactions.parquet,
                                       /hashes.json
store/arrivals/<hash>.json                              which site delivered it, under which name, and when first seen
store/sidecars/<hash>.json                              what a sidecar states of it; <hash>.2.json the next one
vault/deliveries, vault/treatment, vault/refused        the same for what must not be seen
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipelines.core.clock import utc_after
from pipelines.core.fail_points import reached
from pipelines.core.files import fsync_directory, fsync_file, write_atomically
from pipelines.core.hashing import canonical_json, sha256_file, sha256_json
from pipelines.core.leftovers import owned_directory
from pipelines.land.contract import Contract, Stated, contract_for
from pipelines.land.receipts import Change, DeliveryReceipt
from pipelines.study import Study, StudyFolder


@dataclass(frozen=True, kw_only=True, order=True)
class Arrival:
    """One file that a site delivered: name, content, and the UTC time at which it was first seen."""

    site: str
    file: str
    sha256: str
    received_at: str


def record_arrival(folder: StudyFolder, site: str, file: str, sha256: str, *, after: str = "") -> Arrival:
    """Writes down that the file was seen, once; returns the record.

    Of two exports that do not name their day the one that was seen later is the newer one: so its time is later than
    `after`, that of the newest record before, also where the clock was put back.
    """
    path = folder.arrivals / f"{sha256_json([site, file, sha256])}.json"
    if not path.exists():
        received_at = utc_after(after)
        arrival = Arrival(site=site, file=file, sha256=sha256, received_at=received_at)
        write_atomically(path, canonical_json(asdict(arrival)), change="land.arrival")
    return Arrival(**json.loads(path.read_bytes()))


def record_stated(folder: StudyFolder, arrival: Arrival, stated: Stated) -> None:
    """Writes down what a sidecar states of the file; of the same content the newest counts, and older ones stay."""
    content = canonical_json(asdict(stated))
    known = _statements(folder, arrival)
    if not known or known[-1].read_bytes() != content:
        number = f".{len(known) + 1}" if known else ""
        path = folder.sidecars / f"{_arrival_name(arrival)}{number}.json"
        write_atomically(path, content, change="land.sidecar")


def matched_contract(study: Study, arrival: Arrival) -> tuple[Contract, str | None] | None:
    """Returns `contract_for` of a delivery, with what its sidecar states."""
    known = _statements(study.folder, arrival)
    stated = Stated(**json.loads(known[-1].read_bytes())) if known else None
    return contract_for(study, arrival.site, arrival.file, stated)


def _statements(folder: StudyFolder, arrival: Arrival) -> list[Path]:
    """Returns what sidecars stated of the file, oldest first: `<name>.json`, `<name>.2.json` and so on."""
    name = _arrival_name(arrival)
    first, later = folder.sidecars / f"{name}.json", folder.sidecars.glob(f"{name}.*.json")
    return ([first] if first.exists() else []) + sorted(later, key=lambda path: int(path.name.split(".")[1]))


def _arrival_name(arrival: Arrival) -> str:
    return sha256_json([arrival.site, arrival.file, arrival.sha256])


def arrivals(folder: StudyFolder) -> list[Arrival]:
    """Returns every file ever seen, in a fixed order."""
    if not folder.arrivals.is_dir():
        return []
    return sorted(Arrival(**json.loads(path.read_bytes())) for path in folder.arrivals.glob("*.json"))


def first_sites(folder: StudyFolder) -> dict[str, str]:
    """Returns by content the site that delivered it first; of two first seen together, the first by name."""
    ordered = sorted(arrivals(folder), key=lambda arrival: (arrival.received_at, arrival.site), reverse=True)
    return {arrival.sha256: arrival.site for arrival in ordered}


def landing_directory(folder: StudyFolder, sha256: str, landing_key: str) -> Path:
    """Where the rows of a delivery lie, as landed under one contract."""
    return folder.deliveries / sha256 / landing_key[:16]


def treatment_directory(folder: StudyFolder, sha256: str, landing_key: str) -> Path:
    """Where the arm-revealing variables of the same rows lie."""
    return folder.vault / "treatment" / sha256 / landing_key[:16]


def delivered_path(folder: StudyFolder, sha256: str, file: str) -> Path | None:
    """Returns where the bytes as delivered are kept, or None where they are not."""
    places = (
        folder.deliveries / sha256 / "delivered",
        folder.vault / "deliveries" / sha256,
        folder.vault / "refused" / sha256,
    )
    for place in places:
        # What begins with a dot was not whole when its process ended.
        if place.is_dir() and (kept := sorted(path for path in place.iterdir() if not path.name.startswith("."))):
            return next((path for path in kept if path.name == file), kept[0])
    return None


def keep_bytes(folder: StudyFolder, copy: Path, sha256: str, file: str, *, place: str) -> None:
    """Keeps the delivered bytes under their hash; `place` is store, vault or refused."""
    directory = {
        "store": folder.deliveries / sha256 / "delivered",
        "vault": folder.vault / "deliveries" / sha256,
        "refused": folder.vault / "refused" / sha256,
    }[place]
    if place != "store":
        open_vault(folder)
    target = directory / file
    if target.exists():
        return
    directory.mkdir(parents=True, exist_ok=True)
    with owned_directory(directory, ".bytes.") as room:
        reached("land.bytes.begun")
        partial = room / "bytes"
        _link_or_copy(copy, partial)
        reached("land.bytes.written")
        fsync_file(partial)
        partial.chmod(0o400 if place != "store" else 0o444)
        reached("land.bytes.synced")
        partial.replace(target)
        reached("land.bytes.placed")
        fsync_directory(directory)


def _link_or_copy(copy: Path, target: Path) -> None:
    # Landing's own copy is given another name, since its first one is removed soon. What is stored is never shared.
    if copy.parent.name.startswith(WORKSPACE):
        with contextlib.suppress(OSError):
            os.link(copy, target)
            return
    shutil.copyfile(copy, target)


def open_vault(folder: StudyFolder) -> None:
    """Makes the vault, for its owner only."""
    folder.vault.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.vault.chmod(0o700)


def read_receipt(folder: StudyFolder, arrival: Arrival, landing_key: str) -> DeliveryReceipt | None:
    """Returns the receipt of a delivery as landed under this contract, or None where it was not."""
    path = landing_directory(folder, arrival.sha256, landing_key) / "receipt.json"
    if not path.exists():
        return None
    document = json.loads(path.read_bytes())
    document |= {"codes": tuple(document["codes"]), "new": False, "site": arrival.site, "file": arrival.file}
    # The receipt of a file that no layout names does not change with the code: an older one has no drift.
    document["drift"] = tuple(Change(**change) for change in document.get("drift", ()))
    return DeliveryReceipt(**document)


def landed_deliveries(study: Study) -> list[tuple[Arrival, DeliveryReceipt | None]]:
    """Returns every arrival with its receipt under today's study file; None where it must be landed again first."""
    found: list[tuple[Arrival, DeliveryReceipt | None]] = []
    for arrival in arrivals(study.folder):
        if arrival.site in study.sites:
            matched = matched_contract(study, arrival)
            key = matched[0].key if matched else UNKNOWN_FILE
            receipt = read_receipt(study.folder, arrival, key)
            if receipt:
                # The receipt is of the bytes; the day is of the name, and the same bytes may come under another one.
                receipt = replace(receipt, delivered_on=(matched[1] or "") if matched else "")
            found.append((arrival, receipt))
    return found


def write_hashes(directory: Path) -> None:
    """Writes the hash of every file below `directory` into its hashes.json."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    hashes = {path.relative_to(directory).as_posix(): sha256_file(path) for path in files}
    (directory / "hashes.json").write_bytes(canonical_json(hashes))


def damaged_files(directory: Path) -> list[Path]:
    """Returns the files of a landing whose bytes are not those that were written, that are gone or too many.

    Most flipped bits of a Parquet file read as a wrong value without an error, so hashes are checked before it is read.
    """
    try:
        content = (directory / "hashes.json").read_bytes()
        hashes = json.loads(content)
        is_as_written = isinstance(hashes, dict) and canonical_json(hashes) == content
    except (OSError, ValueError):
        is_as_written = False
    if not is_as_written:
        return [directory / "hashes.json"]
    paths = {directory / name: sha256 for name, sha256 in hashes.items()}
    wrong = [path for path, sha256 in paths.items() if not path.is_file() or sha256_file(path) != sha256]
    known = {*paths, directory / "hashes.json"}
    return wrong + sorted(path for path in directory.rglob("*") if path.is_file() and path not in known)


# How the names of landing's working folders in the vault begin.
WORKSPACE = ".landing-"
# The landing key of a file that no export of the layout names.
UNKNOWN_FILE = "0" * 64
