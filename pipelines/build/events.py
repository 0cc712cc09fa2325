"""What the audit trail says of a build: the cut, and each delivery that changed what an earlier one had said."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.cut import Cut
from pipelines.ledger import Event


def _shown(cut: Cut) -> str:
    if cut.is_unblinded:
        return f"unblinded by {cut.inputs['unblinding']['id']}"
    return "blinded" if cut.inputs["blinded"] else "open"


def build_events(cut: Cut) -> Iterator[Event]:
    """Yields the events of a cut that is whole; the values that changed are in its table `record_changes`."""
    inputs = cut.inputs
    asked = [f"{name} {inputs[name]}" for name in ("as_of", "data_cutoff") if inputs.get(name)]
    new = ", ".join([_shown(cut), *asked])
    yield Event(action="build", object=f"cut {cut.cut_id}", new=new)
    changes = pq.read_table(cut.tables / "record_changes.parquet", columns=["new_delivery_id", "new_source_file"])
    counted = changes.group_by(["new_delivery_id", "new_source_file"]).aggregate([([], "count_all")])
    for row in counted.take(pc.sort_indices(counted, [("new_source_file", "ascending")])).to_pylist():
        # Not by which cut it is seen: every later one has the same rows.
        name = f"{row['new_source_file']} {row['new_delivery_id']}"
        yield Event(action="restate", object=name, new=f"{row['count_all']} rows of record_changes")
