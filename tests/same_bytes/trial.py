"""The trials whose bytes are compared: one with rows in every table and a file for every reader, one with many rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from pipelines.simulate import simulate
from pipelines.study import Study, load_study
from tests.fuzz.seeds import seeds
from tests.reference.delivered import delivered_trial

ROOT = Path(__file__).resolve().parents[2]
VENDOR = "FORMATS"
DAY = "2026-06-30"
# Enough for every table and estimate; the other sites only make more of the same.
SITES = ("S01", "S02", "S04", "S09", "S10", "IRT", "LAB", "EPRO")


def every_table(root: Path) -> Study:
    """Returns a trial in the folder `root`, with everything in its inbox and nothing landed.

    It is the demonstration study with some of its sites, and one vendor more that delivers a file of each make of each
    format.
    """
    root.mkdir(parents=True)
    shutil.copyfile(ROOT / "studies" / "kap_demo" / "study.yml", root / "study.yml")
    simulate(root)
    (root / "truth.json").unlink()
    for folder in (root / "inbox").iterdir():
        if folder.name not in SITES:
            shutil.rmtree(folder)
    document = yaml.safe_load((root / "study.yml").read_bytes())
    document["pseudonyms"] = "vault"
    document["sites"][VENDOR] = {"name": "A file of each format", "kind": "vendor", "layout": "formats"}
    document["layouts"]["formats"] = [seed.layout() for seed in seeds()]
    (root / "study.yml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    (root / "inbox" / VENDOR).mkdir()
    for seed in seeds():
        (root / "inbox" / VENDOR / seed.file(DAY)).write_bytes(seed.packed(seed.content, DAY))
    return load_study(root)


def many_rows(root: Path) -> Study:
    """Returns a trial of which a table has more rows (122,880) than DuckDB reads by one thread, delivered twice."""
    study, _ = delivered_trial("parallel", root, 11, range(1200))
    return study
