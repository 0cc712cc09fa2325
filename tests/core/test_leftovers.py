"""A temporary directory goes with the process that made it, and with no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.core.leftovers import owned_directory


@pytest.mark.requirement("FLT-6")
def test_a_forked_process_that_ends_the_block_leaves_the_directory_to_its_parent(tmp_path: Path) -> None:
    block = owned_directory(tmp_path, "afterglow-")
    path = block.__enter__()
    process = os.fork()
    if process == 0:
        # The last reference: its end runs here, as at the end of a process.
        del block
        os._exit(0)
    os.waitpid(process, 0)
    assert path.is_dir()
    block.__exit__(None, None, None)
    assert not path.exists()
