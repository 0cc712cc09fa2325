"""What stands on top of every page: title, cut, cutoff, sign-off, verdict, and the banners nobody may miss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.report.formats import short, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.study import Study

BADGES = {
    "PASS": ("pass", "\u2713", "Pass"),
    "PASS_WITH_ROWS": ("rows", "\u25d0", "Pass with rows"),
    "FAIL": ("fail", "\u2715", "Fail"),
    "ERROR": ("fail", "!", "Error"),
}


@dataclass(frozen=True, kw_only=True)
class Banner:
    """A sentence across the page; `kind` is loud, blinded, unblinded, simulated or signoff."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Header:
    """The page's head: title, facts as (name, value, full value), badge and banners."""

    study: str
    title: str
    cut_id: str
    facts: tuple[tuple[str, str, str], ...]
    verdict: str | None
    banners: tuple[Banner, ...]


def header(
    study: Study,
    cut_id: str,
    inputs: Mapping[str, Any],
    *,
    verdict: str | None,
    blocking: bool,
    waived: bool = False,
) -> Header:
    """Returns the head of the pages of the cut that was made from these inputs; `waived`: it is published in spite."""
    data_cutoff, as_of = inputs.get("data_cutoff"), inputs.get("as_of")
    facts = (
        ("Study", study.study, study.study),
        ("Cut", short(cut_id), cut_id),
        *([("As known on", text(as_of), "")] if as_of else []),
        ("Data cutoff", text(data_cutoff) if data_cutoff else "none: all data delivered", data_cutoff or ""),
        ("Sign-off", _signoff(study), ""),
    )
    return Header(
        study=study.study,
        title=study.title,
        cut_id=cut_id,
        facts=facts,
        verdict=verdict,
        banners=_banners(study, inputs, blocking=blocking, waived=waived),
    )


def _signoff(study: Study) -> str:
    if study.signoff == "none":
        return "unsigned"
    return "demo" if study.signoff == "demo" else f"required: {', '.join(study.signoff)}"


def _banners(study: Study, inputs: Mapping[str, Any], *, blocking: bool, waived: bool) -> tuple[Banner, ...]:
    banners = []
    if blocking and waived:
        words = "Published with waivers: critical checks failed, and persons let the rows below pass for this cut."
        banners.append(Banner(kind="loud", text=words))
    elif blocking:
        words = (
            "Not publishable: a critical check failed or a check could not run. See the page Validation. Only signed"
            " waivers let it pass; the page Signatures shows them."
        )
        banners.append(Banner(kind="loud", text=words))
    if inputs["blinded"]:
        banners.append(Banner(kind="blinded", text="BLINDED: arms pooled"))
    if opened := inputs.get("unblinding"):
        sites = f"site {', '.join(opened['scope'])} only" if opened["scope"] else "all sites"
        words = f"UNBLINDED: arms of {sites}, opened by two signers (unblinding {short(opened['id'])} of blinded cut"
        banners.append(Banner(kind="unblinded", text=f"{words} {short(opened['cut_id'])})"))
    if study.simulated:
        banners.append(Banner(kind="simulated", text="Simulated data: no person stands behind any number here"))
    if study.signoff == "none":
        words = "Unsigned: the study file asks for no sign-off"
    elif study.signoff == "demo":
        words = "Demo sign-off: given by a demo signer, not by a person"
    else:
        words = f"Sign-off required from: {', '.join(study.signoff)}"
    return (*banners, Banner(kind="signoff", text=words))


def signed(study: Study, signatures: int) -> str:
    """Returns the sentence above the signatures."""
    if signatures == 0 and study.signoff == "none":
        return "This cut is unsigned: the study file asks for no sign-off."
    if signatures == 0:
        return "Nobody has signed this cut."
    return (
        "Each signature is bound to the SHA-256 of this cut's manifest, and so to every byte it lists; moved to another"
        " cut, or with one byte changed, it no longer holds."
    )
