"""Step 1, land: what the sites delivered becomes typed rows in the store, with nothing lost, guessed or let through."""

from pipelines.land.landing import land
from pipelines.land.receipts import DeliveryReceipt, LandReceipt

__all__ = ["DeliveryReceipt", "LandReceipt", "land"]
