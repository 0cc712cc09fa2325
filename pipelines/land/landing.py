"""Landing: take what the sites delivered exactly as it came.

Reads   the inbox, one folder a site; nothing in it is moved or changed
Writes  the same bytes, their rows as text, and typed SDTM-shaped rows with where each came from
Rule    a delivery is accepted whole, in part with its bad rows set aside, or refused; never repaired
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pipelines.core import duck
from pipelines.core.errors import StudyFileError
from pipelines.core.fail_points import reached
from pipelines.core.hashing import sha256_bytes
from pipelines.core.leftovers import owned_directory
from pipelines.land.delivery import known_receipt, land_delivery, refused_receipt
from pipelines.land.events import landing_events
from pipelines.land.intake import inbox_files, is_ignored, strays, take_copy
from pipelines.land.kept_blind import keep_blind
from pipelines.land.pseudonyms import ensure_key
from pipelines.land.receipts import DeliveryReceipt, LandReceipt, RefusedError
from pipelines.land.sidecars import is_sidecar, take_statements
from pipelines.land.store import (
    WORKSPACE,
    Arrival,
    arrivals,
    delivered_path,
    first_sites,
    open_vault,
    record_arrival,
)
from pipelines.land.veiled import delivery_id
from pipelines.ledger import audited, record
from pipelines.study import Study, StudyFolder, load_study

# A process takes about as long to start as to land so many bytes; what is done once a file, as long as a megabyte.
_WORTH_A_PROCESS = 40 << 20
_BYTES_OF_A_FILE = 1 << 20

Pending = tuple[Arrival, Path]


@audited
def land(study: Study, *, sites: Sequence[str] | None = None, workers: int | None = None) -> LandReceipt:
    """Lands everything the inbox holds for `sites` (all by default), and stored deliveries whose contract changed.

    The same bytes under the same name and contract are not read again. A file is refused on its own; the others go on.

    Args:
        study: the study.
        sites: keys of its sites.
        workers: how many processes land side by side; by default one a processor, where there is work for them.

    Raises:
        StudyFileError: one of `sites` is not in the study file, or that was changed meanwhile.
        IntegrityError: H_KEY: the key of the study's pseudonyms is missing or was changed; nothing landed.
        NotAllowedError: deliveries landed while the study was blinded, and its file calls it open now.
    """
    chosen = list(study.sites) if sites is None else list(sites)
    if strange := [site for site in chosen if site not in study.sites]:
        msg = f"{study.name}: no site {', '.join(map(ascii, strange))}. Sites: {', '.join(study.sites)}."
        raise StudyFileError(msg)
    keep_blind(study)
    ensure_key(study)
    with _workspace(study.folder) as workspace:
        refused, ignored, seen = _take_in(study, chosen, workspace)
        pending = seen | _stored(study, chosen, seen)
        reached("land.taken")
        known = {arrival: receipt for arrival in pending if (receipt := known_receipt(study, arrival))}
        unknown = [(arrival, copy) for arrival, copy in pending.items() if arrival not in known]
        # Equal bytes under two names are landed once, and named by the first: two processes would race for it.
        first = {arrival.sha256: arrival for arrival, _ in reversed(unknown)}
        new = _land_pending(study, [item for item in unknown if first[item[0].sha256] == item[0]], workers)
        new += _land_all(study, [item for item in unknown if first[item[0].sha256] != item[0]])
    receipts = sorted([*refused, *known.values(), *new], key=lambda receipt: (chosen.index(receipt.site), receipt.file))
    if sites is None:
        receipts += _strays(study)
    record(study.folder, *landing_events(receipts))
    return LandReceipt(deliveries=tuple(receipts), ignored=tuple(ignored))


def _strays(study: Study) -> list[DeliveryReceipt]:
    """Returns a refusal for whatever lies under no site: it is said at each run until somebody puts it right."""
    refusal = RefusedError("F_SITE_ID", f"Sites: {', '.join(study.sites)}. Move it, or add the site to the study file.")
    found = [found for found in strays(study.folder.inbox, study.sites) if not is_ignored(found)]
    return [refused_receipt("", stray.name, "", refusal) for stray in found]


@contextlib.contextmanager
def _workspace(folder: StudyFolder) -> Iterator[Path]:
    # In the vault: until its contract is known, a copy may hold anything.
    open_vault(folder)
    folder.remove_leftovers()
    with owned_directory(folder.vault, WORKSPACE) as workspace:
        yield workspace


def _take_in(
    study: Study, sites: list[str], workspace: Path
) -> tuple[list[DeliveryReceipt], list[str], dict[Arrival, Path]]:
    """Copies what lies in the inbox; returns what could not be, what is ignored, and the copies."""
    refused: list[DeliveryReceipt] = []
    ignored: list[str] = []
    copies: dict[Arrival, Path] = {}
    sidecars: dict[tuple[str, str], tuple[Path, str]] = {}
    newest = max((arrival.received_at for arrival in arrivals(study.folder)), default="")
    for number, found in enumerate(inbox_files(study.folder.inbox, sites)):
        if is_ignored(found):
            ignored.append(f"{found.site}/{found.name}")
            continue
        copy = workspace / str(number)
        try:
            sha256 = take_copy(found, copy)
        except RefusedError as refusal:
            # Without a stable copy there are no bytes to keep; the file stays in the inbox and is tried again.
            empty = sha256_bytes(b"") if refusal.code == "F_EMPTY" else ""
            refused.append(refused_receipt(found.site, found.name, empty, refusal))
        else:
            if is_sidecar(study, found.site, found.name):
                sidecars[found.site, found.name] = (copy, sha256)
            else:
                identity = delivery_id(study, found.site, found.name, sha256)
                arrival = record_arrival(study.folder, found.site, found.name, identity, after=newest)
                newest = max(newest, arrival.received_at)
                copies[arrival] = copy
    used = take_statements(study, copies, sidecars)
    # A sidecar of nothing that lies here: its file has gone, or has not come yet.
    ignored += [f"{site}/{name}" for site, name in sidecars if (site, name) not in used]
    return refused, ignored, copies


def _stored(study: Study, sites: list[str], seen: dict[Arrival, Path]) -> dict[Arrival, Path]:
    """Returns deliveries that have left the inbox: their bytes are in the store."""
    gone = [arrival for arrival in arrivals(study.folder) if arrival.site in sites and arrival not in seen]
    kept = {arrival: delivered_path(study.folder, arrival.sha256, arrival.file) for arrival in gone}
    return {arrival: path for arrival, path in kept.items() if path is not None}


def _land_pending(study: Study, pending: list[Pending], workers: int | None) -> list[DeliveryReceipt]:
    costs = {arrival: copy.stat().st_size + _BYTES_OF_A_FILE for arrival, copy in pending}
    if workers is None:
        workers = min(os.cpu_count() or 1, sum(costs.values()) // _WORTH_A_PROCESS)
    if workers <= 1 or len(pending) < workers:
        return _land_all(study, pending)
    # Largest first, each to whom has least to do: the shares take about equally long.
    shares: list[list[Pending]] = [[] for _ in range(workers)]
    loads = [0] * workers
    for arrival, copy in sorted(pending, key=lambda item: (-costs[item[0]], item[0])):
        least = loads.index(min(loads))
        shares[least].append((arrival, copy))
        loads[least] += costs[arrival]
    # Spawned: DuckDB and Airflow have threads, and a fork with threads can hang.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        known = (study.folder.root, study.file_sha256, study.metadata)
        landed = pool.map(_land_share, [known] * workers, shares)
        return [receipt for share in landed for receipt in share]


def _land_share(known: tuple[Path, str, dict[str, str]], pending: list[Pending]) -> list[DeliveryReceipt]:
    root, *as_read = known
    study = load_study(root)
    if [study.file_sha256, study.metadata] != as_read:
        msg = f"{study.name}: the study file or its metadata was changed while deliveries landed. Run it again."
        raise StudyFileError(msg)
    return _land_all(study, pending)


def _land_all(study: Study, pending: list[Pending]) -> list[DeliveryReceipt]:
    if not pending:
        return []
    first = first_sites(study.folder)
    with contextlib.closing(duck.connect()) as connection:
        connection.execute("set threads = 1")
        return [land_delivery(connection, study, arrival, copy, first[arrival.sha256]) for arrival, copy in pending]
