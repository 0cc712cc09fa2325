"""A data cut: a pure function of (deliveries, study file, code, blinding), named by the SHA-256 of those inputs."""

from pipelines.cut.config import check_config, record_study_file, signing_roles
from pipelines.cut.cut import Cut, cuts, find_cut, is_same_study, latest_cut, published_cut, short_id
from pipelines.cut.inputs import CutInputs, LandedDelivery, check_held, cut_inputs, held_deliveries

__all__ = [
    "Cut",
    "CutInputs",
    "LandedDelivery",
    "check_config",
    "check_held",
    "cut_inputs",
    "cuts",
    "find_cut",
    "held_deliveries",
    "is_same_study",
    "latest_cut",
    "published_cut",
    "record_study_file",
    "short_id",
    "signing_roles",
]
