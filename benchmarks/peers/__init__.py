"""The usual ways to bring prices to browsers, each as its documentation shows it, small and with its best settings.

Every server is a program: `python -m benchmarks.peers.<name> --exchange PORT` takes tickers from the
benchmark's exchange, listens on a free port of loopback and prints `{"port": N}` on stdout.
"""
