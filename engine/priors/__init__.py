"""What a text is supposed to sound like: models that were trained on sounds and words."""
