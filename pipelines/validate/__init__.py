"""Validate: the evidence that this installation does what its requirements say (IQ, OQ, PQ, traceability)."""

from pipelines.validate.signing import PackageReceipt, PackageSignature, sign_package, verify_package
from pipelines.validate.step import ValidationReceipt, validate

__all__ = ["PackageReceipt", "PackageSignature", "ValidationReceipt", "sign_package", "validate", "verify_package"]
