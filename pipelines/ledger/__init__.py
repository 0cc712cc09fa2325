"""The audit trail: every event of a study, chained by hashes, written before its action is acknowledged."""

from pipelines.ledger.audited import audited
from pipelines.ledger.chain import Head, broken_links, times_back
from pipelines.ledger.dump import dumped, put_trail, read_dump
from pipelines.ledger.event import Action, Event, Recorded
from pipelines.ledger.inventory import take_stock
from pipelines.ledger.recording import (
    acting_as,
    check_ledger,
    erase,
    events,
    head,
    in_folder,
    kept_elsewhere,
    ledger_url,
    record,
    system_user,
)

__all__ = [
    "Action",
    "Event",
    "Head",
    "Recorded",
    "acting_as",
    "audited",
    "broken_links",
    "check_ledger",
    "dumped",
    "erase",
    "events",
    "head",
    "in_folder",
    "kept_elsewhere",
    "ledger_url",
    "put_trail",
    "read_dump",
    "record",
    "system_user",
    "take_stock",
    "times_back",
]
