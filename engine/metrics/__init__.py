"""How good something is, measured in ways that can be repeated."""
