"""The study file and the study's folder: the one place where a protocol's numbers stand."""

from pipelines.study.folder import StudyFolder
from pipelines.study.load import load_study
from pipelines.study.model import Study

__all__ = ["Study", "StudyFolder", "load_study"]
