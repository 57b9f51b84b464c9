"""Ablatlas: retrain each breakthrough with and without its key innovation, and measure what it relaxed."""

__version__ = "0.1.0"
