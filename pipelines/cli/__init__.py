"""The command `afterglow`: one verb for each step, each a call of the function with that name."""

# Importing them is what makes their verbs known.
from pipelines.cli import (
    access,
    asking,
    auditing,
    keeping,
    opening,
    sharing,
    signing,
    steps,
    studies,
    tracing,
    validation,
    verdicts,
)
from pipelines.cli.command import main

__all__ = [
    "access",
    "asking",
    "auditing",
    "keeping",
    "main",
    "opening",
    "sharing",
    "signing",
    "steps",
    "studies",
    "tracing",
    "validation",
    "verdicts",
]
