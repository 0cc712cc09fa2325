"""Who may open what a blinded study keeps closed, and who may open a lock on its data."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipelines.study.layout import Settings

Roles = Annotated[tuple[str, ...], Field(min_length=1)]
ReasonClass = Annotated[str, Field(pattern=r"\A[a-z][a-z0-9 -]{0,39}\z")]


class Unblinding(Settings):
    """Roles whose holders sign an unblinding (two of them, ICH E6(R3) 2.2.2), and those who may break one code.

    `code_break_reasons` are the classes that code breaks are counted by; none of them may hint at an arm.
    """

    roles: Roles = ("unblinded_statistician", "admin")
    code_break_roles: Roles = ("unblinded_statistician", "admin")
    code_break_reasons: Annotated[tuple[ReasonClass, ...], Field(min_length=1)] = (
        "medical emergency",
        "safety reporting",
        "accidental",
        "other",
    )
    section: str = ""


class DataLock(Settings):
    """Roles whose holders sign that a locked study may take in changed data again."""

    roles: Roles = ("data_manager", "admin")
    section: str = ""
