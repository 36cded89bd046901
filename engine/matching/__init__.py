"""Fitting an instrument to a recording: analysis, starts, evolution, and descent."""
