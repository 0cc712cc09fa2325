"""What a reader's browser gets: no script, nothing loaded, hostile text as text, what is blinded stays so."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.cut import Cut
from pipelines.report import report, signatures_page
from tests.report.trials import CHECKS, parallel

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>&{{7*7}}"


def pages_of(cut: Cut) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(cut.report.iterdir())}


class Elements(HTMLParser):
    """Collects every element with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(page)
    return parser.found


def test_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    check = {**CHECKS[0], "sentence": HOSTILE, "error": HOSTILE, "standard": HOSTILE}
    study, cut = parallel(
        tmp_path,
        title=HOSTILE,
        label=f"Ketamine {HOSTILE}",
        reason=HOSTILE,
        term=HOSTILE,
        checks=[check],
        signoff="demo",
    )
    report(study, cut.cut_id)
    pages = pages_of(cut) | {"signatures.html": signatures_page(study, cut, [{"name": HOSTILE, "role": "demo"}])}
    del pages["statistics.json"]
    for page in pages.values():
        tags = {tag for tag, _ in elements(page)}
        assert not tags & {"script", "img", "iframe", "object", "embed", "link", "form"}
        assert "&lt;script&gt;alert(1)" in page
        assert "{{7*7}}" in page
        assert "49</" not in page
    # In the drawings too.
    assert re.search(r"<text [^>]*>KET: Ketamine &lt;script", pages["index.html"])


@pytest.mark.parametrize("blinded", [False, True])
def test_a_page_loads_nothing_and_runs_nothing(tmp_path: Path, blinded: bool) -> None:
    study, cut = parallel(tmp_path, blinded=blinded)
    receipt = report(study, cut.cut_id)
    for name in receipt.pages:
        page = pages_of(cut)[name]
        assert not re.search(r"(src|href)\s*=\s*[\"']?\s*(https?:|//|data:|javascript:)", page, re.IGNORECASE)
        assert not re.search(r"url\(\s*[\"']?(?!#)|@import", page)
        for tag, attributes in elements(page):
            assert tag != "script"
            assert not [key for key in attributes if key.startswith("on") or key == "style"]
        (policy,) = (a["content"] for t, a in elements(page) if t == "meta" and a.get("http-equiv"))
        assert policy is not None
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy


def test_every_id_stands_once_and_every_link_inside_the_report_leads_somewhere(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, blocking=True)
    receipt = report(study, cut.cut_id)
    pages = pages_of(cut)
    for name in receipt.pages:
        ids = [attributes["id"] for _, attributes in elements(pages[name]) if attributes.get("id")]
        assert len(ids) == len(set(ids))
        for target in [attributes["href"] or "" for tag, attributes in elements(pages[name]) if tag == "a"]:
            page, _, anchor = target.partition("#")
            assert (page or name) in {*receipt.pages, "signatures.html"}
            assert not anchor or f'id="{anchor}"' in pages[page or name]


@pytest.mark.requirement("BLD-5")
def test_a_blinded_report_names_no_arm(tmp_path: Path) -> None:
    # The rows carry an arm by mistake, as no build would leave them: the report still shows one group.
    study, cut = parallel(tmp_path, label="Esketamine", blinded=True)
    leaky = parallel(tmp_path / "leak", label="Esketamine")[1]
    cut.duckdb.write_bytes(leaky.duckdb.read_bytes())
    report(study, cut.cut_id)
    pages = pages_of(cut)
    own = "".join(pages.values())
    for name in ("Esketamine", "Midazolam", "MDZ", '"KET"', ">KET<"):
        assert name not in own
    assert "BLINDED: arms pooled" in pages["methods.html"]
    assert "All arms (blinded)" in pages["index.html"]
    groups = {record["trta"] for record in json.loads(pages["statistics.json"])["response"]}
    assert groups == {"BLINDED"}


@pytest.mark.parametrize(
    ("signoff", "simulated", "blocking", "expected"),
    [
        ("none", False, False, ["Unsigned: the study file asks for no sign-off"]),
        ("demo", True, False, ["Simulated data", "Demo sign-off: given by a demo signer, not by a person"]),
        ("[pi, statistician]", False, True, ["Not publishable", "Sign-off required from: pi, statistician"]),
    ],
)
def test_every_page_says_what_nobody_may_miss(
    tmp_path: Path, signoff: str, simulated: bool, blocking: bool, expected: list[str]
) -> None:
    study, cut = parallel(tmp_path, signoff=signoff, simulated=simulated, blocking=blocking)
    receipt = report(study, cut.cut_id)
    for page in [pages_of(cut)[name] for name in receipt.pages] + [signatures_page(study, cut, [])]:
        assert all(words in page for words in expected)
        assert ("Not publishable" in page) == blocking
        assert ("Simulated data" in page) == simulated
        assert cut.cut_id in page
        assert "Signatures (written when the cut is published)" in page


def test_every_check_of_the_gate_is_on_the_validation_page(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, blocking=True)
    report(study, cut.cut_id)
    page = pages_of(cut)["validation.html"]
    for check in [*CHECKS, {"check_id": "qs-range", "sentence": ""}]:
        assert f'id="check-{check["check_id"]}"' in page
        assert check["sentence"] in page
    assert page.count('<tr id="check-') == 3
    assert "S01: 2" in page  # failing rows by site


def test_figures_and_tables_can_be_read_without_seeing_them(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    report(study, cut.cut_id)
    found = elements(pages_of(cut)["index.html"])
    drawings = [attributes for tag, attributes in found if tag == "svg"]
    assert len(drawings) == 4
    assert all(attributes["role"] == "img" and attributes["aria-labelledby"] for attributes in drawings)
    tags = [tag for tag, _ in found]
    assert tags.count("table") == tags.count("caption")
    assert ("html", {"lang": "en"}) in found
    assert tags.count("h1") == 1


def test_signatures_are_listed_with_what_they_are_bound_to(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, signoff="demo")
    given = {"name": "Demo signer", "role": "demo", "meaning": "approve", "signed_at": "2026-01-02T03:04:05Z"}
    page = signatures_page(study, cut, [given | {"method": "demo", "manifest_sha256": "ab" * 32}])
    assert all(words in page for words in ("Demo signer", "2026-01-02T03:04:05Z", "ab" * 32, "bound to the SHA-256"))
    assert "Nobody has signed this cut" in signatures_page(study, cut, [])
    unsigned_study, unsigned_cut = parallel(tmp_path / "unsigned")
    assert "unsigned: the study file asks for no sign-off" in signatures_page(unsigned_study, unsigned_cut, [])


def test_a_cut_published_with_waivers_says_so_and_an_unblinded_one_says_who_opened_the_arms(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, signoff="demo", blocking=True)
    waiver = dict.fromkeys(("check_id", "scope", "rows", "reason", "name", "role", "signed_at", "until"), "-")
    page = signatures_page(study, cut, [], [waiver])
    assert "Published with waivers" in page
    assert "Not publishable" not in page
    assert "Not publishable" in signatures_page(study, cut, [])
    assert "Who opened the arms" not in page
    given = {"name": "Una <b>", "role": "unblinded_statistician", "signed_at": "2026-01-02T03:04:05.678Z"}
    request = {"reason": "the plan is final"}
    opened = signatures_page(study, cut, [], opened={"request": request, "signatures": [given]})
    assert all(words in opened for words in ("Who opened the arms", "Una &lt;b&gt;", "the plan is final", "03:04:05"))
