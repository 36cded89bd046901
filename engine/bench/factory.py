"""How the factory's presets lie beside each other: loudness, pitch, nearness, and what is wrong with any."""

from __future__ import annotations

from engine.bench.frame import Mark, Row, Rows
from engine.bench.listening import CENTS, DISTINCT_DB, PEAK_DB, Heard, closest, faults, listen
from engine.project.presets import factory_library

FAULTS = Mark(median=0.0, p95=0.0)
"""Faults of a preset."""


def rows() -> Rows:
    heard = [listen(preset) for preset in factory_library()]
    tuned = [h for h in heard if h.is_pitched]
    found = {h.name: faults(h) for h in heard}
    told = "; ".join(f"{name}: {', '.join(words)}" for name, words in found.items() if words)
    count = [float(len(words)) for words in found.values()]
    yield Row.of("factory", "faults of a preset", count, "", FAULTS, detail=told or f"{len(heard)} presets")
    loudness = [h.lufs for h in tuned]
    yield Row.of("factory", "loudest 400 ms of a tuned preset", loudness, "LUFS", detail=_ends(tuned, loudness))
    peaks = [h.peak_db for h in heard]
    yield Row.of("factory", "peak of the hardest key", peaks, "dBFS", Mark(p95=PEAK_DB), detail=_ends(heard, peaks))
    cents = [abs(h.cents) for h in tuned]
    yield Row.of("factory", "out of tune", cents, "cents", Mark(p95=CENTS), detail=_ends(tuned, cents))
    pairs = closest(heard)
    detail = ", ".join(f"{one} | {other} {distance:.1f}" for distance, one, other in pairs[:3])
    near = [min(d for d, one, other in pairs if h.name in (one, other)) for h in heard]
    mark = Mark(p95=DISTINCT_DB, direction="at least")
    yield Row.of("factory", "distance of a preset's print to the nearest", near, "dB", mark, detail=detail)


def _ends(heard: list[Heard], figures: list[float]) -> str:
    pairs = sorted(zip(figures, (h.name for h in heard), strict=True))
    return f"{pairs[0][1]} {pairs[0][0]:.1f} to {pairs[-1][1]} {pairs[-1][0]:.1f}"
