"""HTML from content: Jinja2 with autoescaping everywhere, no script, no outside asset.

Rule    a page may load nothing: its policy allows its own style sheet by hash, and pictures written into the page
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pipelines.report.header import BADGES, Header

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
PAGES = (
    ("index.html", "Summary"),
    ("validation.html", "Validation"),
    ("deliveries.html", "Deliveries"),
    ("methods.html", "Methods and inputs"),
    ("dictionary.html", "Dictionary"),
    ("lineage.html", "Lineage"),
)
SIGNATURES = "signatures.html"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals.update(
        style=Markup(style),  # noqa: S704  (our own file, not data)
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'",
        pages=PAGES,
        signatures_file=SIGNATURES,
        badges=BADGES,
    )
    return environment


def render(page: str, header: Header | None, **values: Any) -> str:
    """Returns the page made from the template of the same name; without a header where it is of no cut."""
    return _environment().get_template(page).render(page=page, header=header, **values)
