"""Trace: from a row of a table back to the rows that a site delivered, with the rule at each step."""

from pipelines.trace.chain import Rule, Source, Step, TraceReceipt
from pipelines.trace.step import trace

__all__ = ["Rule", "Source", "Step", "TraceReceipt", "trace"]
