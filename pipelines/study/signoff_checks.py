"""What the lists of roles must hold beyond their types: who signs is a person, asked once, and told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pipelines.study.model import Study
from pipelines.study.problem import Problem

# The roles that commands ask for; a study names others of its own beside them.
KNOWN_ROLES = (
    *("data_manager", "blinded_statistician", "unblinded_statistician", "auditor", "admin", "service", "signer"),
)
_LONGEST = 64
# So alike that it is a slip of the pen, and not a role of the study's own.
_ALIKE = 0.9
_NO_PERSON = {
    "demo": "is the signer of demonstrations, who is nobody. Write `signoff: demo` alone, or leave it out.",
    "none": "asks for no signature. Write `signoff: none` alone, or leave it out.",
    "service": "signs what persons answered, never for itself. Name the persons' roles.",
    "auditor": "looks and signs nothing. Give who signs a role of another name.",
}


def signoff_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake in the lists of roles: `signoff`, and who unblinds, breaks a code, locks."""
    if not isinstance(study.signoff, str):
        yield from _roles(("signoff",), study.signoff)
    yield from _roles(("unblinding", "roles"), study.unblinding.roles)
    yield from _roles(("unblinding", "code_break_roles"), study.unblinding.code_break_roles)
    yield from _roles(("data_lock", "roles"), study.data_lock.roles)


def _roles(where: tuple[str | int, ...], roles: Sequence[str]) -> Iterator[Problem]:
    if not roles:
        instead = "Write none, demo, or a list of roles." if where == ("signoff",) else "Name one, or leave it out."
        yield Problem(where, f"names nobody. {instead}")
    keys = [_key(role) for role in roles]
    for index, role in enumerate(roles):
        place = (*where, index)
        if role in _NO_PERSON:
            yield Problem(place, f"'{role}' {_NO_PERSON[role]}")
        elif not _is_name(role):
            yield Problem(place, f"this is no role. Write letters, digits and spaces, at most {_LONGEST}.")
        elif keys.index(keys[index]) != index:
            other = roles[keys.index(keys[index])]
            what = "stands there twice" if other == role else f"cannot be told from '{other}'"
            yield Problem(place, f"'{role}' {what}. Write each role once.")
        elif role not in KNOWN_ROLES and (near := get_close_matches(role.lower(), KNOWN_ROLES, n=1, cutoff=_ALIKE)):
            yield Problem(place, f"'{role}' is no role that commands know. Did you mean '{near[0]}'?")


def _is_name(role: str) -> bool:
    # Airflow's form reads its text as Jinja and Markdown: no sign of theirs is in a role.
    return len(role) <= _LONGEST and re.fullmatch(r"\w(?:[\w .&/()'-]*[\w)])?", role) is not None


def _key(role: str) -> str:
    # Airflow's task for a role is named so: what differs in nothing else would be one task.
    return re.sub(r"[^a-z0-9_]", "_", role.casefold())
