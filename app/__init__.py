"""The window: PySide6 widgets that show what the engine makes and send it wishes."""
