"""From log-mel frames to sound."""
