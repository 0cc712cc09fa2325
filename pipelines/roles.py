"""Who may run what: one table of roles and commands, and which cuts a role may read.

Rule    a study with a register of signers asks each command for the user's role, a study without one asks nothing;
        the modes of the files hold what no command can (docs/signing.md)
"""

from __future__ import annotations

from pipelines.core.errors import NotAllowedError
from pipelines.cut import Cut
from pipelines.ledger import system_user
from pipelines.signers import ADMIN, SERVICE, register
from pipelines.study import Study

DATA_MANAGER, BLINDED, UNBLINDED, AUDITOR = (
    "data_manager",
    "blinded_statistician",
    "unblinded_statistician",
    "auditor",
)
# Who has a role of the study file's `signoff` only: looks, and signs.
SIGNER = "signer"
ROLES = (DATA_MANAGER, BLINDED, UNBLINDED, AUDITOR, ADMIN, SERVICE, SIGNER)

_EVERYBODY = frozenset(ROLES)
_STAFF = frozenset({DATA_MANAGER, BLINDED, UNBLINDED, ADMIN, SIGNER})
_READERS = _EVERYBODY - {SERVICE}
_MAKERS = frozenset({DATA_MANAGER, BLINDED, UNBLINDED, SERVICE})
_MANAGERS = frozenset({DATA_MANAGER, SERVICE})
# Each verb that takes a study, and the roles that may run it. Three are parts of a verb that only looks otherwise:
# `erase` is `audit --erase`, `queries-exchange` is `queries --export` and `--import`, `roles-apply` is `roles apply`.
COMMANDS: dict[str, frozenset[str]] = {
    # The data's way.
    "land": _MANAGERS,
    "build": _MAKERS,
    "gate": _MAKERS,
    "report": _MAKERS,
    "sign": _STAFF,
    # An unblinded cut is made and published by who may read it.
    "publish": frozenset({DATA_MANAGER, UNBLINDED, ADMIN, SERVICE}),
    "run": _MANAGERS | {UNBLINDED},
    # Looking.
    "status": _EVERYBODY,
    "verify": _EVERYBODY,
    "trace": _READERS - {ADMIN, SIGNER},
    "trends": _READERS,
    "history": _READERS,
    "diff": _READERS,
    "sql": _READERS - {ADMIN, SIGNER},
    "audit": frozenset({DATA_MANAGER, AUDITOR, ADMIN}),
    "queries": frozenset({DATA_MANAGER, BLINDED, UNBLINDED, AUDITOR}),
    "queries-exchange": frozenset({DATA_MANAGER, BLINDED, UNBLINDED}),
    # Deciding: each asks for the key of a role that the study file names, too.
    "waive": _STAFF,
    "unblind": _STAFF,
    "code-break": _STAFF,
    "lock": _STAFF,
    "unlock": _STAFF,
    "export": frozenset({DATA_MANAGER, UNBLINDED, BLINDED}),
    # Keeping.
    "signer": _EVERYBODY,
    "roles": _EVERYBODY,
    "roles-apply": frozenset({DATA_MANAGER, ADMIN, SERVICE}),
    "erase": frozenset({ADMIN}),
    "backup": frozenset({DATA_MANAGER, ADMIN, SERVICE}),
    "restore": frozenset({ADMIN}),
}
# Whoever can read the folder may: an inspector checks a study without being in its register.
_ANYBODY = frozenset({"status", "verify", "signer", "roles"})


def roles_of(study: Study, user: str) -> frozenset[str]:
    """Returns the user's roles of the table; who has others only, of the study file's `signoff`, is a `signer`."""
    entry = register(study).of_user(user)
    if entry is None:
        return frozenset()
    return frozenset(role if role in ROLES else SIGNER for role in entry.roles)


def check_command(study: Study, verb: str) -> None:
    """Checks that the user may run a verb in this study; a verb that is not in the table is an admin's.

    Raises:
        NotAllowedError: none of the user's roles may.
    """
    if verb in _ANYBODY or not register(study).changes:
        return
    user = system_user()
    own, allowed = roles_of(study, user), COMMANDS.get(verb, frozenset({ADMIN}))
    if not own & allowed:
        msg = (
            f"{study.name}: the user {user} has {_told(own)} in the register of signers, and `afterglow {verb}` is for "
            f"{', '.join(role for role in ROLES if role in allowed)}. Nothing was done. An admin gives roles with "
            f"`afterglow signer add {study.name}`."
        )
        raise NotAllowedError(msg)


def check_readable(study: Study, cut: Cut) -> None:
    """Checks that the user may read a cut: who is blinded reads no unblinded cut of a blinded study.

    Raises:
        NotAllowedError: the user may not.
    """
    if study.blinding != "blinded" or cut.inputs.get("blinded", True) or not register(study).changes:
        return
    if not roles_of(study, system_user()) & {UNBLINDED, SERVICE}:
        msg = f"{study.name}: cut {cut.short_id} is unblinded; only an {UNBLINDED} may read it."
        raise NotAllowedError(msg)


def _told(own: frozenset[str]) -> str:
    return f"the role {', '.join(role for role in ROLES if role in own)}" if own else "no role"
