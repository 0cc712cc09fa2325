"""Gate: what landed, what was curated and what would be published, checked before anybody reads it."""

from pipelines.gate.step import GateReceipt, gate
from pipelines.gate.verdict import Verdict, check_gate, read_verdict

__all__ = ["GateReceipt", "Verdict", "check_gate", "gate", "read_verdict"]
