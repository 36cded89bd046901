"""Reusable widgets: each knows values, the theme and nothing of the engine's jobs."""
