"""What is taken unless somebody says otherwise: times and names, so light that the command line may know them."""

TUNE_S = 45.0
"""How long a tuning takes."""
IMAGINE_S = 2.0
"""How long a sound is that a prior draws."""
OWN_PRIOR = "own"
"""The prior that comes with the program."""
OWN_LONGEST_S = 4.0
"""How long a sound may be that it draws."""
