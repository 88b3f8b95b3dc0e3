"""Runs the benchmarks, and keeps what they gave in one form: ``python -m benchmarks``."""
