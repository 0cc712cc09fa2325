"""Report: a cut's statistics, figures and validation as static pages that load nothing from anywhere."""

from pipelines.report.step import ReportReceipt, report, signatures_page

__all__ = ["ReportReceipt", "report", "signatures_page"]
