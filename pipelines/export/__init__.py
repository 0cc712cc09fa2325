"""Export: what may be shared of a published cut, without dates, clear keys, free text and small counts."""

from pipelines.export.step import ExportReceipt, export
from pipelines.export.suppression import PROFILES, Profile, protected

__all__ = ["PROFILES", "ExportReceipt", "Profile", "export", "protected"]
