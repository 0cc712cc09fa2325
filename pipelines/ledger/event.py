"""An event of the audit trail: who did what to which object, when and why (ICH E6(R3) 4.2.2; 21 CFR 11.10(e)).

link        sequence number, time, user, software, action, commitment, hash of the link before: chained, never changed
content     object, field, old and new by reference, reason, subject: kept beside the chain, which holds only a keyed
            commitment to it; so that an identifier that leaked into a reason can be erased and the chain still verifies
Rule        no event holds an arm, a score or any other value of a subject: it names where the value is
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

import rfc8785

from pipelines.core.hashing import sha256_bytes

Action = Literal[
    "land",
    "quarantine",
    "refuse",
    "hold",
    "restate",
    "build",
    "gate",
    "report",
    "waive",
    "sign",
    "publish",
    "unblind",
    "code_break",
    "query",
    "export",
    "role",
    "study_file",
    "lock",
    "unlock",
    "erase",
    "backup",
    "restore",
    "inventory",
    "failure",
]
# What stands before the first event.
GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened. `object` names the thing (a delivery, a cut, a signer); `old` and `new` are references to it.

    References are ids and hashes, counts and codes, never a subject's values. `subject` is a `usubjid`, where the event
    is about one subject.
    """

    action: Action
    object: str
    field: str = ""
    old: str = ""
    new: str = ""
    reason: str = ""
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A link of the chain as the ledger holds it, with the content beside it; None where that was erased."""

    seq: int
    at: str
    user: str
    software: str
    action: str
    commitment: str
    previous: str
    sha256: str
    content: str | None
    key: str | None

    @property
    def event(self) -> Event | None:
        """What happened; None where it was erased.

        Raises:
            ValueError, TypeError: the content is no event (`check_ledger` names it).
        """
        return None if self.content is None else Event(**json.loads(self.content))

    @property
    def link(self) -> dict[str, Any]:
        """What the event's hash is taken over."""
        return {
            "seq": self.seq,
            "at": self.at,
            "user": self.user,
            "software": self.software,
            "action": self.action,
            "commitment": self.commitment,
            "previous": self.previous,
        }


def link_sha256(link: dict[str, Any]) -> str:
    """Returns the SHA-256 of the link as RFC 8785 JSON."""
    return sha256_bytes(rfc8785.dumps(link))


def content_json(event: Event) -> str:
    """Returns the event's content as RFC 8785 JSON."""
    return rfc8785.dumps(asdict(event)).decode()


def commitment(key: str, content: str) -> str:
    """Returns HMAC-SHA256 of the content under the event's own key (hex): without the key it tells nothing."""
    return hmac.new(bytes.fromhex(key), content.encode(), hashlib.sha256).hexdigest()
