"""Simulate: write a trial of ketamine-assisted psychotherapy that nobody took part in.

Reads   nothing but a seed
Writes  <study>/inbox/<site>/<file> and <study>/truth.json, which lists the effect sizes and every planted defect
Rule    the same seed gives the same bytes on any machine: whole numbers, a generator with fixed raw bits, no clock
"""

from pipelines.simulate.simulation import SimulateReceipt, simulate

__all__ = ["SimulateReceipt", "simulate"]
