"""Metadata in place of column lists: a REDCap data dictionary, or the metadata of ODM-XML, in the study's folder.

Reads   the file that an entry of a layout names under `metadata`, with the study file
Gives   the columns of the export, as if they stood in the study file; what stands there says where they differ
"""

from pipelines.study.metadata.merge import columns_of, metadata_path, with_metadata

__all__ = ["columns_of", "metadata_path", "with_metadata"]
