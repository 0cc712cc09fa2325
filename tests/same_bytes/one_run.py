"""One whole run under one machine's settings, in a process of its own: land, build, gate, report, manifest.

Usage   python -m tests.same_bytes.one_run SOURCE ROOT SETTINGS, SETTINGS being the JSON of `settings.Settings`

Prints as JSON the SHA-256 of each thing that a reader gets.
"""

from __future__ import annotations

import json
import locale
import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

LISTING = "SAME_BYTES_LISTING"
# The same for every run: another key would rightly give other pseudonyms.
KEY = b"one key for all of the two hundred runs"[:32]
# What is of the run and not of its inputs: when files arrived and events happened, who holds the lock, the key.
_OF_THE_RUN = (
    "inbox/",
    "ledger",
    "vault/pseudonym.key",
    "vault/inventory",
    "store/arrivals/",
    "store/inventory.json",
    ".lock",
    ".runs",
)


def list_in_any_order(seed: str) -> None:
    """Lets folders list what they hold in another order from now on."""
    chance = random.Random(seed)  # noqa: S311 - to try things, not to hide them
    listed, scanned = os.listdir, os.scandir

    def shuffled(found: Any) -> list[Any]:
        names = list(found)
        chance.shuffle(names)
        return names

    class Scanned:
        def __init__(self, *where: Any) -> None:
            with scanned(*where) as entries:
                self.entries = iter(shuffled(entries))

        def __iter__(self) -> Iterator[Any]:
            return self.entries

        def __next__(self) -> Any:
            return next(self.entries)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def close(self) -> None: ...

    os.listdir = lambda *where: shuffled(listed(*where))
    os.scandir = Scanned  # type: ignore[assignment]


# At import: processes that are spawned to land import this module as well.
if LISTING in os.environ:
    locale.setlocale(locale.LC_ALL, "")
    list_in_any_order(os.environ[LISTING])


def arrive(source: Path, root: Path, settings: dict[str, Any]) -> None:
    """Lets the source's deliveries arrive in the run's study, in its order and in its portions, and lands each."""
    from pipelines.land import land
    from pipelines.study import load_study

    root.mkdir(parents=True)
    shutil.copyfile(source / "study.yml", root / "study.yml")
    (root / "vault").mkdir(mode=0o700)
    (root / "vault" / "pseudonym.key").write_bytes(KEY)
    study = load_study(root)
    chance = random.Random(settings["order"])  # noqa: S311 - to try things, not to hide them
    files = sorted(path.relative_to(source) for path in (source / "inbox").rglob("*") if path.is_file())
    chance.shuffle(files)
    portions = settings["portions"]
    for portion in range(portions):
        for name in files[portion::portions]:
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target)
            seen = chance.randrange(0, 2_000_000_000)
            os.utime(target, (seen, seen))
        land(study, workers=settings["workers"])


def results(root: Path) -> dict[str, str]:
    """Returns the SHA-256 of each file of the study that follows from its inputs, and of each table of the database."""
    from pipelines.core.hashing import sha256_file
    from pipelines.cut import cuts
    from pipelines.root_hash import content_hash
    from pipelines.study import StudyFolder

    folder = StudyFolder(root)
    (cut,) = cuts(folder)
    found = {"content hash": content_hash(folder)}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and path != cut.duckdb and not name.startswith(_OF_THE_RUN):
            found[name] = sha256_file(path)
    return found | {f"cut.duckdb: {name}": sha256 for name, sha256 in _tables(cut.duckdb)}


def _tables(database: Path) -> Iterator[tuple[str, str]]:
    """Yields each table's name and a hash of its columns and rows: the database's own file is never the same twice."""
    from pipelines.core import duck
    from pipelines.core.hashing import sha256_json

    with duck.connect(database, read_only=True) as connection:
        connection.execute("set threads = 1")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by schema_name, table_name"
        ).fetchall()
        for schema, table in tables:
            name = f"{duck.identifier(schema)}.{duck.identifier(table)}"
            columns = connection.execute(f"describe {name}").fetchall()
            rows = connection.execute(
                f"select count(*), sha256(coalesce(string_agg(content, '' order by content), '')) "
                f"from (select sha256(to_json(each)::varchar) as content from {name} as each)"
            ).fetchall()
            yield f"{schema}.{table}", sha256_json([[list(map(str, column)) for column in columns], *map(list, rows)])


def main() -> None:
    """Runs, and prints what came of it."""
    from pipelines.build import build
    from pipelines.cut import Cut
    from pipelines.gate import gate
    from pipelines.manifest import manifest_sha256
    from pipelines.report import report
    from pipelines.study import load_study

    source, root, settings = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    os.umask(settings["umask"])
    arrive(source, root, settings)
    study = load_study(root)
    cut_id = build(study).cut_id
    gate(study, cut_id)
    report(study, cut_id)
    manifest_sha256(Cut(study.folder, cut_id))
    sys.stdout.write(json.dumps(results(root)))


if __name__ == "__main__":
    main()
