"""Decoded FM notes as the compiled kernels take them: plain records instead of tensors."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.fm_kernels import NOTE
from engine.dsp.live_kernels import CHAIN
from engine.dsp.loops import Loop
from engine.dsp.one_pole import dc_pole
from engine.dsp.svf import warped
from engine.dsp.units import db_to_nats, level_to_amplitude, semitones_to_factor
from engine.params.fm import LEVEL_FLOOR_DB, PITCH_SPAN_ST
from engine.synths.fm_bright import N_DIRECT
from engine.synths.fm_chain import DC_HZ, MIDDLE_C, Chain, drive_factors, places
from engine.synths.fm_graph import Graph, Group
from engine.synths.fm_note import FAINTEST, FmNote, Motion
from engine.synths.fm_operators import loop_lag

TWO_PI = 2.0 * np.pi
FLOOR = FAINTEST
"""Amplitude at the floor, where levels in nats begin."""


def note_records(key: FmNote) -> NDArray[Any]:
    """The rows of ``key`` as records of :data:`NOTE`, all but what the rate decides: strength and routes."""
    notes = np.zeros(key.n_rows, NOTE)
    output = key.output.numpy()
    notes["output"] = output[:, None]
    if key.chain is not None:
        apart = is_wide(key.chain)
        notes["output"] = np.where(
            apart[:, None, None], output[:, None] * places(key.chain, key.output).numpy(), notes["output"]
        )
        _set_drive(notes, key.chain)
    for name in ("hz", "nats", "times_s", "is_fixed", "by_rate", "ceiling", "tremolo_nats"):
        notes[name] = getattr(key, name).numpy()
    notes["shape"] = key.shapes.numpy()
    notes["pitch_s"], notes["lfo_hz"], notes["lfo_fade_s"], notes["pitch_span"] = 1.0, 1.0, 1.0, PITCH_SPAN_ST
    if key.motion is not None:
        _set_motion(notes, key.motion)
    return notes


def chain_records(key: FmNote, sample_rate: int) -> NDArray[Any]:
    """What follows the operators in each row, at ``sample_rate``, as records of :data:`CHAIN`."""
    chains = np.zeros(key.n_rows, CHAIN)
    chains["dc_pole"] = np.where(key.can_have_dc().numpy(), dc_pole(DC_HZ / sample_rate), 0.0)
    chain = key.chain
    if chain is None:
        return chains
    level = level_to_amplitude(chain.noise_db, LEVEL_FLOOR_DB) * chain.gain * FLOOR
    follow = semitones_to_factor(chain.filter_key * (chain.key - MIDDLE_C))
    for name, value in (
        ("noise_level", level),
        ("noise_cutoff", warped(chain.noise_hz / sample_rate)),
        ("noise_damping", 1.0 / chain.noise_q),
        ("noise_nats", db_to_nats(chain.noise_levels, LEVEL_FLOOR_DB)),
        ("noise_s", chain.noise_s),
        ("seed", chain.seed),
        ("filter", chain.filter_type),
        ("cutoff", chain.filter_hz * follow / sample_rate),
        ("damping", 1.0 / chain.filter_q),
        ("filter_env_st", chain.filter_env_st),
        ("filter_levels", chain.filter_levels),
        ("filter_s", chain.filter_s),
    ):
        chains[name] = value.numpy()
    return chains


def is_wide(chain: Chain) -> NDArray[np.bool_]:
    """Rows ``[batch]`` whose operators stand apart from each other or from the middle."""
    found: NDArray[np.bool_] = ((chain.pan != 0.0) | (chain.spread != 0.0)).numpy()
    return found


def settle(note: Any, graph: Graph, strength: NDArray[np.float64], depths: NDArray[np.float64], rate: int) -> None:
    """Write into the record ``note`` what the ``rate`` of its operators decides: their ``strength`` ``[operators]`` and
    what bends what, by ``depths`` ``[routes]`` in radians."""
    note["strength"] = strength * FLOOR
    note["output"] *= [i in graph.heard for i in range(len(strength))]
    lag = loop_lag(rate)
    note["past"], note["n_groups"] = 2 * lag, len(graph.groups)
    c = outer = inner = 0
    for g, group in enumerate(graph.groups):
        note["group"][g] = c
        for operator, routes in zip(group.operators, group.routes, strict=True):
            note["order"][c] = operator
            for source, route in routes:
                note["outer_source"][outer] = source
                note["outer_lag"][outer] = 0 if route < N_DIRECT else lag
                note["outer_turns"][outer] = depths[route] / TWO_PI
                outer += 1
            c += 1
            note["outer"][c] = outer
        inner = _set_loop(note, g, group, [depths[r] for r in group.edge_routes], inner, lag)
    note["group"][len(graph.groups)] = c


def _set_loop(note: Any, g: int, group: Group, depths: list[float], inner: int, lag: int) -> int:
    """Write the loop of a group from term ``inner`` on; returns where the next one begins."""
    note["inner"][g] = note["inner"][g + 1] = inner
    if not group.edges:
        return inner
    loop = _loop(len(group.operators), group.edges, lag)
    source, lags, first = loop.graph
    end = inner + len(source)
    note["inner_source"][inner:end], note["inner_lag"][inner:end] = source, lags
    note["inner_depth"][inner:end] = loop.terms(np.array([depths]))[0]
    note["inner_first"][g, : first.size] = first
    note["inner"][g + 1] = end
    return end


@lru_cache(maxsize=1024)
def _loop(n_operators: int, edges: tuple[tuple[int, int], ...], lag: int) -> Loop:
    return Loop(n_operators, edges, lag)


def _set_motion(notes: NDArray[Any], motion: Motion) -> None:
    for name, value in (
        ("lfo_wave", motion.wave),
        ("lfo_hz", motion.hz),
        ("lfo_delay_s", motion.delay_s),
        ("lfo_fade_s", motion.fade_s),
        ("lfo_start", motion.start),
        ("seed", motion.seed),
        ("vibrato_st", motion.vibrato_st),
        ("slides", motion.pitch_st.any(1)),
        ("pitch_st", motion.pitch_st),
        ("pitch_s", motion.pitch_s),
        ("pitch_by_rate", motion.pitch_by_rate),
    ):
        notes[name] = value.numpy()


def _set_drive(notes: NDArray[Any], chain: Chain) -> None:
    steep, unsteep = drive_factors(chain)
    notes["drives"], notes["steep"], notes["unsteep"] = (chain.drive_db > 0.0).numpy(), steep.numpy(), unsteep.numpy()
