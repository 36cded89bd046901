"""A program of its own that fetches a net: ``fetch_program.py CATALOGUE ID``; prints where it lies."""

import sys
from pathlib import Path

from engine.jobs import run_inline
from engine.weights import catalog
from engine.weights.fetching import fetch

catalog.CATALOG = Path(sys.argv[1])
weight = catalog.find(sys.argv[2])
sys.stdout.write(str(run_inline(lambda: fetch(weight, accepted=True))))
