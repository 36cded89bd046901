"""The sound engine: synthesis, analysis and jobs, with no knowledge of any window."""

__version__ = "0.1.0"
