"""What the audit trail says of landing: one event for each delivery, and one more for what of it was set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.land.receipts import DeliveryReceipt
from pipelines.ledger import Action, Event

_ACTIONS: dict[str, Action] = {"refused": "refuse", "held": "hold"}


def landing_events(deliveries: Sequence[DeliveryReceipt]) -> Iterator[Event]:
    """Yields the events of these deliveries; what they say follows from the delivery, not from when it is said."""
    for delivery in deliveries:
        name = f"{delivery.site}/{delivery.file}" if delivery.site else delivery.file
        action = _ACTIONS.get(delivery.outcome, "land")
        codes = " ".join(delivery.codes)
        # `landing_key` names the contract: the same bytes landed under another one are another landing.
        reference = " ".join(part for part in (delivery.sha256, delivery.landing_key[:16]) if part)
        yield Event(action=action, object=name, new=reference, reason=codes if action != "land" else "")
        if delivery.rows_quarantined:
            counts = f"{delivery.rows_quarantined} of {delivery.rows_in} rows of {delivery.sha256}"
            yield Event(action="quarantine", object=name, new=counts, reason=codes)
