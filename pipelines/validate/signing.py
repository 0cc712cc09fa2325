"""Signing the validation package: author, review and approve, with the keys of a study's register of signers.

Rule    a signature is bound to the SHA-256 of the package's manifest, which names the hash of every file; a file that
        changed and a signature of another package fail visibly; all of it is proved without a network
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, get_args

from pipelines.core.errors import IntegrityError, NotAllowedError, UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file, sha256_json
from pipelines.ledger import Event, audited, events, record
from pipelines.report.content import Section, Table
from pipelines.report.pages import render
from pipelines.signers import DEMO, SigningKey, check_register, check_statement, signed_statement
from pipelines.study import Study

MANIFEST, PAGE, SIGNATURES = "manifest.json", "signatures.html", "signatures"
Meaning = Literal["author", "review", "approve"]


@dataclass(frozen=True, kw_only=True)
class PackageSignature:
    """One signature; `signed_at` is UTC. It holds for the package whose manifest has this hash and no other."""

    name: str
    role: str
    meaning: Meaning
    reason: str
    signed_at: str
    signer: str
    package_sha256: str
    record: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PackageReceipt:
    """What was proved: the manifest's hash, how many files have the hashes it names, and who signed."""

    package_sha256: str
    verdict: str
    files: int
    signatures: tuple[PackageSignature, ...]


def seal_package(directory: Path, facts: Mapping[str, object], names: Sequence[str]) -> str:
    """Writes the manifest over these files of the package, and its page of signatures; returns the manifest's hash."""
    files = {name: sha256_file(directory / name) for name in names}
    manifest = canonical_json({**facts, "files": files})
    write_atomically(directory / MANIFEST, manifest)
    _write_page(directory, json.loads(manifest), [])
    return sha256_bytes(manifest)


def check_unsigned(directory: Path) -> None:
    """Checks that no signed package would be written over.

    Raises:
        NotAllowedError: one would.
    """
    if any((directory / SIGNATURES).glob("*.json")):
        msg = f"{directory}: holds a package that was signed. Name another folder with --to, or move that one away."
        raise NotAllowedError(msg)


@audited
def sign_package(
    study: Study, directory: Path, *, role: str, meaning: Meaning, key: SigningKey, reason: str = ""
) -> PackageSignature:
    """Signs the package in `directory`; the same signature given twice is one.

    Args:
        study: the study whose register knows the signer.
        directory: where `afterglow validate` wrote the package.
        role: one of the signer's roles.
        meaning: author, review or approve.
        key: the signer's.
        reason: why; an approval despite deviations needs it, as their assessment.

    Raises:
        NotAllowedError: key, role, meaning or reason do not allow it; the author may not approve.
        IntegrityError: the package, its signatures or the register do not hold.
    """
    proved = _proved(study, directory)
    if meaning not in get_args(Meaning):
        msg = f"{directory}: a validation package is signed as {', '.join(get_args(Meaning))}."
        raise NotAllowedError(msg)
    if role in DEMO.roles:
        msg = f"{directory}: the demo signer is nobody, and qualifies nothing."
        raise NotAllowedError(msg)
    if meaning == "approve" and proved.verdict != "PASSED" and not reason.strip():
        msg = f"{directory}: the package has deviations. Approving it needs their assessment: --reason."
        raise NotAllowedError(msg)
    bound = {"package_sha256": proved.package_sha256, "verdict": proved.verdict, "reason": reason}
    made = _read(signed_statement(study, bound, meaning=meaning, role=role, key=key))
    for other in proved.signatures:
        if (other.signer, other.role, other.meaning) == (made.signer, made.role, made.meaning):
            _write_page(directory, _manifest(directory), proved.signatures)
            return _recorded(study, other)
    given = [*proved.signatures, made]
    _check_apart(directory, given)
    # Before the file: a crash between the two leaves an event too many, never a signature that the trail lacks.
    _recorded(study, made)
    write_atomically(directory / SIGNATURES / f"{sha256_json(made.record)[:16]}.json", canonical_json(made.record))
    _write_page(directory, _manifest(directory), given)
    return made


def verify_package(study: Study, directory: Path) -> PackageReceipt:
    """Hashes the package again and proves its signatures with the study's register and audit trail, offline.

    Raises:
        UsageError: there is no package.
        IntegrityError: a file changed, is missing or is new; a signature was altered, moved here, or is not in the
            audit trail. Every one is named.
        NotAllowedError: a signature is of somebody who might not give it.
    """
    proved = _proved(study, directory)
    here = {(f"{one.name} ({one.role})", f"{one.meaning} {one.signer}") for one in proved.signatures}
    for each in events(study.folder):
        event = each.event if each.action == "sign" else None
        if event and event.object == _object(proved.package_sha256) and (event.field, event.new) not in here:
            what = f"the signature of {event.field}, {event.new.split()[0]}"
            msg = f"{directory}: {what}, is gone: the audit trail has it. Bring it back."
            raise IntegrityError(msg)
    page, expected = directory / PAGE, _page(_manifest(directory), proved.package_sha256, proved.signatures)
    if not page.is_file() or page.read_bytes() != expected.encode():
        msg = f"{page}: is not the page of this package's signatures. Bring it back."
        raise IntegrityError(msg)
    return proved


def _proved(study: Study, directory: Path) -> PackageReceipt:
    check_register(study)
    manifest = _manifest(directory)
    package = sha256_file(directory / MANIFEST)
    wrong = _differing(directory, manifest["files"])
    given = sorted((_of_file(path) for path in (directory / SIGNATURES).glob("*")), key=_order)
    told = list(events(study.folder))
    known = {(event.object, event.new) for each in told if each.action == "sign" and (event := each.event)}
    erased = any(each.content is None for each in told)
    for one in given:
        bound = {**one.record["bound"], "package_sha256": package}
        try:
            check_statement(study, one.record, meaning=one.meaning, bound=bound)
        except IntegrityError as error:
            wrong.append(str(error))
            continue
        if (_object(package), f"{one.meaning} {one.signer}") not in known and not erased:
            wrong.append(f"{study.name}: the audit trail does not know the signature of {one.name} ({one.role})")
    if wrong:
        raise IntegrityError("\n".join([f"{directory}: the validation package does not hold.", *wrong]))
    _check_apart(directory, given)
    return PackageReceipt(
        package_sha256=package, verdict=manifest["verdict"], files=len(manifest["files"]), signatures=tuple(given)
    )


def _differing(directory: Path, files: Mapping[str, str]) -> list[str]:
    here = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
    own = {name for name in here if name in {MANIFEST, PAGE} or name.startswith(f"{SIGNATURES}/")}
    wrong = [f"{directory / name}: is not in the package's manifest" for name in sorted(here - own - set(files))]
    for name, sha256 in sorted(files.items()):
        if name not in here:
            wrong.append(f"{directory / name}: is missing")
        elif sha256_file(directory / name) != sha256:
            wrong.append(f"{directory / name}: was changed")
    return wrong


def _manifest(directory: Path) -> dict[str, Any]:
    path = directory / MANIFEST
    if not path.is_file():
        msg = f"{directory}: holds no validation package. `afterglow validate --to {directory}` makes one."
        raise UsageError(msg)
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        if isinstance(found["files"], dict) and isinstance(found["verdict"], str):
            return found
    except (ValueError, KeyError, TypeError):
        pass
    msg = f"{path}: is no manifest of a validation package. Make the package again, or bring it back."
    raise IntegrityError(msg)


def _of_file(path: Path) -> PackageSignature:
    try:
        return _read(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, OSError):
        msg = f"{path}: is no signature of a validation package."
        raise IntegrityError(msg) from None


def _read(made: dict[str, Any]) -> PackageSignature:
    own = {part: made[part] for part in ("name", "role", "meaning", "signed_at", "signer")}
    if set(made["bound"]) != {"package_sha256", "verdict", "reason"}:
        raise KeyError
    return PackageSignature(
        **own, reason=made["bound"]["reason"], package_sha256=made["bound"]["package_sha256"], record=made
    )


def _order(given: PackageSignature) -> tuple[str, str]:
    return given.signed_at, given.signer


def _check_apart(directory: Path, given: Sequence[PackageSignature]) -> None:
    for one, other in combinations(given, 2):
        if one.signer != other.signer and one.name.casefold() != other.name.casefold():
            continue
        if {one.meaning, other.meaning} == {"author", "approve"}:
            msg = f"{directory}: {one.name} is the author of this package, so somebody else approves it."
            raise NotAllowedError(msg)


def _object(package: str) -> str:
    return f"validation package {package}"


def _recorded(study: Study, given: PackageSignature) -> PackageSignature:
    happened = Event(
        action="sign", object=_object(given.package_sha256), field=f"{given.name} ({given.role})",
        new=f"{given.meaning} {given.signer}", reason=given.reason,
    )  # fmt: skip
    record(study.folder, happened)
    return given


def _write_page(directory: Path, manifest: Mapping[str, Any], given: Sequence[PackageSignature]) -> None:
    written = _page(manifest, sha256_file(directory / MANIFEST), given)
    write_atomically(directory / PAGE, written.encode())


def _page(manifest: Mapping[str, Any], sha256: str, given: Sequence[PackageSignature]) -> str:
    rows = tuple((one.name, one.role, one.meaning, one.reason or "-", one.signed_at) for one in given)
    missing = [meaning for meaning in get_args(Meaning) if meaning not in {one.meaning for one in given}]
    sentence = "Whoever signs stands for what the package shows, and for the assessment of each of its deviations."
    table = Table(
        caption="Signatures on this package's manifest",
        columns=("Printed name", "Role", "Meaning", "Reason", "Time (UTC)"),
        rows=rows,
        words=frozenset(range(1, 5)),
    )
    part = Section(
        anchor="signatures",
        title="Signatures",
        sentence=sentence,
        notes=(f"Not signed yet: {', '.join(missing)}.",) if missing else (),
        tables=(table,) if rows else (),
    )
    return render("package_signatures.html", None, package=manifest, part=part, sha256=sha256)
