"""Non-interference: whoever sees everything outside the vault sees the same, whatever the allocation (BLD-2).

A small blinded trial is landed again and again, each time allocated anew, in every place that tells it:
the randomisation list (with a sidecar that states its hash, and a correction), the arm, dose and kit in a site's own
file. All bytes outside the vault must be those of the first time. A blinded cut is made of nothing else: to show it,
some of the allocations go on to a published report while the vault is not there at all. What commands say of it (trace,
queries, audit and so on) and the exports of it are compared too.

Usage   python -m tests.noninterference      BLINDING_COUNT (1000), BLINDING_CUTS (3), BLINDING_SEED (1)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import duckdb
from click.testing import CliRunner

from pipelines.build import build
from pipelines.cli import main as afterglow
from pipelines.core.duck import identifier
from pipelines.cut import Cut, cut_inputs
from pipelines.gate import gate
from pipelines.land import land
from pipelines.ledger import events
from pipelines.ledger.inventory import inventory_path
from pipelines.publish import publish
from pipelines.report import report
from pipelines.study import Study
from tests.blinded_trial import BLINDED
from tests.build.trial import SCORES
from tests.small_study import deliver, make_study
from tests.soaks import write_figure

ARMS = ("KET", "PBO")
DOSES = {"KET": "40", "PBO": "02"}
TELLING = """\
        given: {class: treatment, codes: [KET, PBO], to: dm.actarm}
        dose: {class: treatment, type: number, to: ex.exdose}
        kit: {class: drop}
"""
TEXT = BLINDED.replace(
    "        reason: {codes: [COMPLETED, LACK OF EFFICACY], to: ds.dsdecod}\n",
    f"        reason: {{codes: [COMPLETED, LACK OF EFFICACY], to: ds.dsdecod}}\n{TELLING}",
).replace("    - file: allocation_{date}.csv\n", "    - file: allocation_{date}.csv\n      sidecar: {type: sha256}\n")
SUBJECTS = [("S01", f"{number:03d}") for number in range(1, 9)] + [("S02", f"{number:03d}") for number in range(1, 9)]

Seen = dict[str, str]


def allocated(number: int, seed: int) -> dict[tuple[str, str], str]:
    """Returns the arm of each subject: number 0 in turn, the others at random, so that counts by arm differ too."""
    arms = [ARMS[index % 2] for index in range(len(SUBJECTS))]
    if number:
        arms = random.Random(seed * 1_000_003 + number).choices(ARMS, k=len(SUBJECTS))  # noqa: S311 - no secret
    return dict(zip(SUBJECTS, arms, strict=True))


def delivered(root: Path, arms: dict[tuple[str, str], str], say: Callable[[str], str] = str) -> Study:
    """Returns the study with an inbox that says this allocation; `say` spells study file and files otherwise."""
    study = make_study(root, say(TEXT))
    for site in ("S01", "S02"):
        lines = ["id,age,consent,dose_date,ended,reason,given,dose,kit"]
        for (where, subject), arm in arms.items():
            if where == site:
                lines.append(
                    f"{subject},{'40' if site == 'S01' else '41'},2026-01-02,2026-01-05,,,{arm},{DOSES[arm]},KIT-{arm}"
                )
        deliver(study, site, "subjects_2026-03-01.csv", say("\n".join([*lines, ""])))
    deliver(study, "S01", "scores_2026-03-01.csv", SCORES)
    # The first list has one subject less, and one of an arm that there is not.
    for day, listed in (("2026-02-01", list(arms.items())[:-1]), ("2026-03-01", list(arms.items()))):
        rows = [f"{site},{subject},{arm},2026-01-04" for (site, subject), arm in listed]
        unknown = ["S02,099,XXX,2026-01-04"] if day == "2026-02-01" else []
        content = say("\n".join(["site,id,arm,day", *rows, *unknown, ""]))
        deliver(study, "IRT", f"allocation_{day}.csv", content)
        stated = hashlib.sha256(content.encode()).hexdigest()
        deliver(study, "IRT", f"allocation_{day}.csv.sha256", f"{stated}  allocation_{day}.csv\n")
    return study


def seen(study: Study) -> Seen:
    """Returns a hash of each file outside the vault after landing, and what the audit trail says; without clocks."""
    root = study.folder.root
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name.split("/")[0] not in {"vault", "inbox", "ledger", "cuts", "published", ".lock"}:
            content = path.read_bytes()
            if name.startswith("store/arrivals/"):
                content = json.dumps({**json.loads(content), "received_at": ""}).encode()
            if path == inventory_path(study.folder):
                # The hashes of arrivals, which hold times: which files are listed is what it may tell.
                content = json.dumps(sorted(json.loads(content))).encode()
            found[name] = hashlib.sha256(content).hexdigest()
    said = [asdict(each.event) for each in events(study.folder) if each.event]
    found["audit trail"] = repr([{**one, "new": ""} if one["action"] == "inventory" else one for one in said])
    found["cut id"] = cut_inputs(study).cut_id
    return found


def cut_without_vault(study: Study) -> Seen:
    """Makes and publishes the blinded cut while the vault is away; returns what everybody may see of it."""
    vault, away = study.folder.vault, study.folder.root.parent / "vault-away"
    vault.rename(away)
    try:
        cut = Cut(study.folder, build(study).cut_id)
        for step in (gate, report, publish):
            step(study, cut.cut_id)
        assert not vault.exists()
        # The page of signatures prints the head of the audit trail, which holds times and keys.
        head = json.loads(cut.seal.read_bytes())["ledger"]["sha256"].encode()
        found = {
            path.relative_to(cut.directory).as_posix(): hashlib.sha256(path.read_bytes().replace(head, b"")).hexdigest()
            for path in sorted(cut.directory.rglob("*"))
            if path.is_file() and path.name not in {"cut.duckdb", "seal.json"}
        }
        found |= {f"database {name}": rows for name, rows in _tables(cut.duckdb)}
        said = _said(study, [["status"], ["trends"]])
        return found | {f"{command} without the vault": words for command, words in said.items()}
    finally:
        away.rename(vault)


def told_of(study: Study) -> Seen:
    """Returns what commands say of the published cut, and what they write of it; the vault is there for their keys."""
    out = study.folder.root.parent / "told"
    subject = f"{study.study}-S01-{SUBJECTS[0][1]}"
    traced = (["adsl"], ["response", "--avisit", "D2"], ["durability"])
    asked = [[verb] for verb in ("status", "trends", "history", "queries")]
    asked += [["audit", "--review"], ["queries", "--export", "queries"]]
    asked += [["trace", "--usubjid", subject, "--table", *of] for of in traced]
    asked += [["export", "--profile", profile, "--to", profile] for profile in ("none", "cms")]
    out.mkdir()
    # The key of shared codes is drawn at random; what is compared has to be made with the same one.
    (study.folder.vault / "export.key").write_bytes(bytes(32))
    with contextlib.chdir(out):
        found = _said(study, asked)
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return found | {f"told {path.relative_to(out)}": repr(path.read_bytes()) for path in files}


def _said(study: Study, asked: Sequence[Sequence[str]]) -> Seen:
    found = {}
    for verb, *options in asked:
        shown = CliRunner().invoke(afterglow, [verb, str(study.folder.root), *options])
        assert shown.exit_code == 0, shown.output
        found[" ".join([verb, *options])] = shown.output.replace(str(study.folder.root), "")
    return found


def _tables(database: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        listed = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by schema_name, table_name"
        ).fetchall()
        for schema, table in listed:
            rows = connection.execute(f"select * from {identifier(schema)}.{identifier(table)} order by all").fetchall()
            yield f"{schema}.{table}", repr(rows)


def differing(first: Seen, other: Seen) -> list[str]:
    """Returns the names of what is not the same in both."""
    return sorted(name for name in {*first, *other} if first.get(name) != other.get(name))


def permuted(count: int, cuts: int, seed: int, temporary: Path) -> Iterator[tuple[int, int, list[str]]]:
    """Yields for each allocation its number, how many things were compared, and what differs from the first."""
    first: Seen = {}
    for number in range(count):
        root = temporary / str(number) / "small"
        study = delivered(root, allocated(number, seed))
        outcomes = {delivery.outcome for delivery in land(study).deliveries}
        assert outcomes <= {"accepted", "warned"}, outcomes
        found = seen(study)
        if number < cuts:
            found |= cut_without_vault(study) | told_of(study)
        first = first or found
        known = {name: value for name, value in first.items() if name in found or number < cuts}
        yield number, len(found), differing(known, found)


def run() -> int:
    """Allocates as often as the environment says; returns the exit code."""
    count, cuts = int(os.environ.get("BLINDING_COUNT", "1000")), int(os.environ.get("BLINDING_CUTS", "3"))
    seed = int(os.environ.get("BLINDING_SEED", "1"))
    different = {tuple(allocated(number, seed).values()) for number in range(count)}
    compared = failed = 0
    with tempfile.TemporaryDirectory(prefix="afterglow-blinding-") as name:
        for number, things, differ in permuted(count, cuts, seed, Path(name)):
            compared += things
            failed += bool(differ)
            if differ:
                sys.stdout.write(f"allocation {number}: {', '.join(differ)}\n")
            if not (number + 1) % 100:
                sys.stdout.write(f"{number + 1} allocations\n")
                sys.stdout.flush()
    sys.stdout.write(
        f"{count} allocations ({len(different)} different; seed {seed}), {cuts} of them to a published cut without the "
        f"vault: {compared} artefacts compared, {failed} allocations differ in one\n"
    )
    write_figure("blinding", count=count, failed=failed, seed=seed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run())
