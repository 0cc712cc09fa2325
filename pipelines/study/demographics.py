"""Whether any file brings the subjects: whoever is in no demographics is in no ADSL, and so in no table."""

from __future__ import annotations

from pipelines.core.errors import StudyFileError
from pipelines.study.model import Study


def require_demographics(study: Study) -> None:
    """Checks that a file of some layout fills `dm`; one is enough, since a vendor's may bring them for all sites.

    It is asked when tables are made, and not when the study file is read: other files land before that one is known.

    Raises:
        StudyFileError: none does.
    """
    exports = [export for files in study.layouts.values() for export in files]
    filled = {name for export in exports for name in export.domains}
    constant = {target.partition(".")[0] for export in exports for target in export.constants}
    if "dm" in filled | constant:
        return
    msg = (
        f"{study.folder.study_file}: layouts: no file has demographics, so nobody would be in the tables. Write"
        " `to: dm.age`, `dm.sex`, `dm.rficdtc` or another variable of dm at a column of the file that has one row a"
        " subject, or `sdtm: dm` where it is SDTM.\n1 mistake in the study file; no table was made."
    )
    raise StudyFileError(msg)
