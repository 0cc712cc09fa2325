"""The audit trail: every event of a study, chained by hashes, written before its action is acknowledged."""

from pipelines.ledger.audited import audited
from pipelines.ledger.chain import Head, broken_links, times_back
from pipelines.ledger.event import Action, Event, Recorded
from pipelines.ledger.recording import acting_as, check_ledger, erase, events, head, ledger_url, record, system_user

__all__ = [
    "Action",
    "Event",
    "Head",
    "Recorded",
    "acting_as",
    "audited",
    "broken_links",
    "check_ledger",
    "erase",
    "events",
    "head",
    "ledger_url",
    "record",
    "system_user",
    "times_back",
]
