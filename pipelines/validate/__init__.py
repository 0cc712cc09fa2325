"""Validate: the evidence that this installation does what its requirements say (IQ, OQ, PQ, traceability)."""

from pipelines.validate.step import ValidationReceipt, validate

__all__ = ["ValidationReceipt", "validate"]
