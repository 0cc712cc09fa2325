"""A published study with one of everything that a step can write beside its cuts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pyarrow.parquet as pq

from pipelines.code_break import code_break
from pipelines.cut import published_cut, record_study_file
from pipelines.export.shared import export_key
from pipelines.ledger import take_stock
from pipelines.lock import lock, unlock
from pipelines.queries.answers import import_answers
from pipelines.study import Study
from pipelines.unblind import unblind
from tests.small_signers import add_signers, key_of

_QUERY = "Q" * 16


def furnish(study: Study, room: Path) -> None:
    """Adds signers, locks, a code break, an unblinding, answers and a signed study file to a published study."""
    add_signers(study, ada="unblinded_statistician", bob="unblinded_statistician", dana="data_manager")
    lock(study, reason="the last visit is in", key=key_of("dana"))
    unlock(study, reason="a correction came", key=key_of("dana"))
    subject = next(
        str(name)
        for path in sorted(study.folder.deliveries.glob("*/*/rows/ds.parquet"))
        for name in pq.read_table(path, columns=["usubjid"])["usubjid"].to_pylist()
    )
    code_break(study, usubjid=subject, reason="an emergency", key=key_of("ada"))
    for signer in ("ada", "bob"):
        unblind(study, reason="the results stand", key=key_of(signer))
    record_study_file(study, role="data_manager", reason="a label", key=key_of("dana"))
    export_key(study)
    answered = room / "answers.csv"
    answered.write_text(f"query_id,answer\n{_QUERY},confirmed\n")
    current = published_cut(study.folder)
    assert current is not None
    asked = SimpleNamespace(
        cuts=(current.cut_id,), queries=(SimpleNamespace(query_id=_QUERY, siteid="S01", usubjid=None),)
    )
    with patch("pipelines.queries.register.queries", lambda _: asked):
        import_answers(study, answered)
    take_stock(study.folder)
