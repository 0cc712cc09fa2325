"""The command `afterglow`: one verb for each step, each a call of the function with that name."""

# Importing them is what makes their verbs known.
from pipelines.cli import access, asking, opening, signing, steps, studies, tracing, validation, verdicts
from pipelines.cli.command import main

__all__ = ["access", "asking", "main", "opening", "signing", "steps", "studies", "tracing", "validation", "verdicts"]
