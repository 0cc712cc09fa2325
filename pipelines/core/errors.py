"""Errors a user can meet, each with the exit code that the command line returns.

Rule    a message says what, where, how much and what to do next; it never holds a subject's value
"""

from __future__ import annotations


class AfterglowError(Exception):
    """An expected failure; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(AfterglowError):
    """The command names what is not there, or a step before it is still to be done."""

    exit_code = 2


class InputRefusedError(AfterglowError):
    """A delivery was refused."""

    exit_code = 10


class StudyFileError(AfterglowError):
    """The study file says something that cannot be run."""

    exit_code = 11


class GateFailedError(AfterglowError):
    """A critical check failed or could not run; nothing was published."""

    exit_code = 12


class NotAllowedError(AfterglowError):
    """A signature that the study file asks for is missing, or the request is not allowed."""

    exit_code = 13


class IntegrityError(AfterglowError):
    """Published or landed bytes differ from what was recorded."""

    exit_code = 14


class BusyError(AfterglowError):
    """Another process works on the same study."""

    exit_code = 15
