"""The formats of a SAS catalogue (.sas7bcat): which codes a column may hold, and what each stands for.

A catalogue does not say which column has which format. The study file does (`sas_format`), not the header of a
delivery: so the contract stays what it is, whatever is delivered.
"""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys

from pipelines.core.source import ROOT
from pipelines.study.layout import ExportFile
from pipelines.study.metadata.sas_labels import Labels, format_name
from pipelines.study.problem import Problem

SUFFIX = ".sas7bcat"
_SECONDS = 60


def read(content: bytes) -> Labels:
    """Returns the labels of each format of a catalogue; none where it cannot be read."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pipelines.study.metadata.sas_labels"],
            input=content,
            capture_output=True,
            env=kept | {"PYTHONPATH": str(ROOT)},
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {}
    labels: Labels = json.loads(done.stdout) if done.returncode == 0 else {}
    return labels


def with_codes(
    export: ExportFile, labels: Labels | None, where: tuple[str | int, ...], found: list[Problem]
) -> ExportFile:
    """Returns the entry with the codes of each column that names a format; `labels` are None without a catalogue."""
    columns = dict(export.columns)
    for pattern, column in export.columns.items():
        if column.sas_format is None:
            continue
        name = format_name(column.sas_format)
        text = ""
        if labels is None:
            text = f"is a format of a SAS catalogue. Name that under `metadata`: a {SUFFIX} file beside study.yml."
        elif column.codes is not None:
            text = "gives the codes. Write it or `codes`, not both."
        elif not labels.get(name):
            near = difflib.get_close_matches(name, [known for known, codes in labels.items() if codes], n=1)
            text = f"{export.metadata} has no labels of '{name}'. "
            text += f"Did you mean '{near[0]}'?" if near else f"It has: {', '.join(sorted(labels))}."
        else:
            columns[pattern] = column.model_copy(update={"codes": labels[name]})
        if text:
            found.append(Problem((*where, "columns", pattern, "sas_format"), text))
    return export.model_copy(update={"columns": columns})
