"""The sample rates that sounds can have, whether they come from files or are made here. Plain data, no numpy."""

MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 192_000
DEFAULT_RATE_HZ = 48_000
"""Of sounds that are made here, when nobody asks for another."""
