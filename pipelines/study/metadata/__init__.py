"""Metadata in place of column lists: a REDCap data dictionary, the metadata of ODM-XML, or the codes of SAS formats.

Reads   the file that an entry of a layout names under `metadata`, with the study file
Gives   the columns of the export, as if they stood in the study file; what stands there says where they differ
        (a SAS catalogue: the codes of the columns that name its formats)
"""

from pipelines.study.metadata.merge import columns_of, metadata_path, with_metadata
from pipelines.study.metadata.sas import SUFFIX as SAS_CATALOGUE

__all__ = ["SAS_CATALOGUE", "columns_of", "metadata_path", "with_metadata"]
