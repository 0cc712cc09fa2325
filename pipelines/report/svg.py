"""Matplotlib's SVG made fit to stand in a page: no style, script, clock or name that another figure uses.

Texts stay texts (searchable, in the page's font); colours become classes, so that the style sheet decides, also in the
dark.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT, PAPER = "#1f2933", "#d9d4cc", "#fffefb"
# Blue, ember, green, violet; symbols and lines tell arms apart without colour.
ARMS = ("#1f5fa8", "#b5532a", "#3f7d58", "#7a4f9a")
_CLASSES = {INK: "ink", FAINT: "faint", PAPER: "paper", **{colour: f"arm-{mark}" for mark, colour in enumerate(ARMS)}}


def inline(figure: Figure, name: str, title: str) -> Markup:
    """Returns the drawing as an SVG element without styles, scripts or names of other figures."""
    import io

    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return Markup(_cleaned(buffer.getvalue(), name, title))  # noqa: S704  (Matplotlib's own SVG; its texts are escaped)


def _cleaned(svg: str, name: str, title: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r'style="([^"]*)"', lambda match: _attributes(match.group(1)), svg)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg.replace("xlink:href", "href"))
    head, body = svg.split(">", 1)
    box = re.search(r'viewBox="([^"]+)"', head)
    opening = f'<svg class="figure" viewBox="{box.group(1) if box else ""}" role="img" aria-labelledby="{name}-title">'
    return f'{opening}<title id="{name}-title">{escape(title)}</title>{body.strip()}'


def _attributes(style: str) -> str:
    """Turns CSS declarations into SVG attributes, colours also into classes for the style sheet."""
    attributes, classes = [], []
    for declaration in style.split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key == "font":
            size = re.search(r"([\d.]+)px", value)
            attributes.append(f'font-size="{size.group(1) if size else 10}"')
        elif key and value:
            attributes.append(f'{key}="{value}"')
            if key in {"fill", "stroke"} and value in _CLASSES:
                classes.append(f"{key}-{_CLASSES[value]}")
    if classes:
        attributes.append(f'class="{" ".join(classes)}"')
    return " ".join(attributes)
