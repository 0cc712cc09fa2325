"""`python -m pipelines.cli` is `afterglow`."""

from pipelines.cli import main

main()
