"""The command `afterglow`: one verb for each step, each a call of the function with that name."""

# Importing them is what makes their verbs known.
from pipelines.cli import asking, auditing, keeping, opening, steps, studies, tracing, validation, verdicts
from pipelines.cli.command import main

__all__ = ["asking", "auditing", "keeping", "main", "opening", "steps", "studies", "tracing", "validation", "verdicts"]
