"""The commands that made ``resources/weights`` and can continue them on any folder of sounds."""
