"""SAS transport files, version 5, the same bytes at every run: the library puts the clock into the header."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pipelines.simulate.tables import Table

_TIME_STAMP = re.compile(rb"[0-9]{2}[A-Z]{3}[0-9]{2}(:[0-9]{2}){3}")
# The headers before the first variable, where the clock stands.
_HEADERS = 8 * 80
# SAS's month names, whatever the machine's locale.
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def xpt_bytes(table: Table) -> bytes:
    """Returns the table as a transport file, its data set named after its domain and stamped with the export's day."""
    import pandas as pd
    import pyreadstat

    frame = pd.DataFrame(table.rows, columns=list(table.columns))
    for name in table.numeric.intersection(table.columns):
        frame[name] = pd.to_numeric(frame[name])
    with tempfile.TemporaryDirectory(prefix="afterglow-simulate-") as folder:
        path = Path(folder) / table.file
        pyreadstat.write_xport(frame, str(path), table_name=table.kind.upper(), file_format_version=5)
        content = path.read_bytes()
    day = table.exported
    stamp = f"{day.day:02d}{_MONTHS[day.month - 1]}{day.year % 100:02d}:00:00:00".encode("ascii")
    return _TIME_STAMP.sub(stamp, content[:_HEADERS]) + content[_HEADERS:]
