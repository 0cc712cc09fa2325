"""A candidate cut made by hand, with the parts that sign, publish and verify look at."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file
from pipelines.cut import Cut
from pipelines.land import land
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row


def make_candidate(study: Study, *, number: int = 1, verdict: str = "PASS", blocking: bool = False) -> Cut:
    """Returns a cut that was built, gated and reported; `number` tells one from another."""
    deliver(study, "S01", "scores_2026-02-01.csv", scores_file(scores_row()))
    (receipt,) = land(study).deliveries
    delivery = {"delivery_id": receipt.sha256, "file": receipt.file, "landing_key": receipt.landing_key}
    file = {"study_file_sha256": sha256_file(study.folder.study_file)}
    inputs = canonical_json({"study": study.study, "number": number, "blinded": False, "deliveries": [delivery]} | file)
    cut = Cut(study.folder, sha256_bytes(inputs))
    blocked_by = ["CUR-ADQS-001"] if blocking else []
    document = {
        "verdict": verdict,
        "blocking": blocking,
        "checks": 1,
        "counts": {verdict: 1},
        "failed": blocked_by,
        "blocked_by": blocked_by,
    }
    for name, content in {
        "inputs.json": inputs,
        "cut.duckdb": b"a database",
        "tables/response.parquet": f"rows {number}".encode(),
        "gate/verdict.json": json.dumps(document).encode(),
        "report/index.html": b"<p>a report</p>",
    }.items():
        path = cut.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return cut


def small_study(root: Path, signoff: str = "none") -> Study:
    """Returns the small study with another sign-off."""
    return make_study(root, STUDY_FILE.replace("signoff: none", f"signoff: {signoff}"))
