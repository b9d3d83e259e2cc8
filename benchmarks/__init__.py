"""Our fan-out beside the usual ways, measured in one run. `python -m benchmarks --help`."""
