"""A decoded FM note as the compiled voices take it: plain records instead of tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.dsp.fm_kernels import NOTE, N
from engine.dsp.live_kernels import CHAIN
from engine.dsp.loops import Loop
from engine.dsp.one_pole import dc_pole
from engine.dsp.svf import warped
from engine.dsp.units import db_to_nats, level_to_amplitude, semitones_to_factor
from engine.params.fm import LEVEL_FLOOR_DB, PITCH_SPAN_ST
from engine.synths.fm_chain import DC_HZ, MIDDLE_C, Chain, drive_factors, places
from engine.synths.fm_graph import Group, graph_of
from engine.synths.fm_note import N_DIRECT, FmNote, Motion
from engine.synths.fm_operators import loop_lag
from engine.synths.fm_rate import halvings_of

TWO_PI = 2.0 * np.pi
FLOOR = 10.0 ** (LEVEL_FLOOR_DB / 20.0)
"""Amplitude at the floor, where levels in nats begin."""


@dataclass(frozen=True, eq=False)
class LiveNote:
    """What a voice plays: ``note`` and ``chain`` are records ``[1]`` of :data:`NOTE` and :data:`CHAIN`.

    ``pitch_st`` is the key with the patch's shift. The operators are computed at the sample rate doubled ``halvings``
    times, on ``width`` channels; ``channels`` leave the chain.
    """

    note: NDArray[Any]
    chain: NDArray[Any]
    pitch_st: float
    halvings: int
    width: int
    channels: int


def live_notes(key: FmNote, pitch_st: list[float], sample_rate: int) -> list[LiveNote]:
    """Each row of ``key`` at ``sample_rate``; ``hold_s`` of the key does not matter."""
    with torch.no_grad():
        needs = halvings_of(key, sample_rate)
        rows = [key.rows(torch.tensor([row])) for row in range(key.n_rows)] if key.n_rows > 1 else [key]
        return [_live_note(row, st, n, sample_rate) for row, st, n in zip(rows, pitch_st, needs, strict=True)]


def _live_note(key: FmNote, pitch_st: float, halvings: int, sample_rate: int) -> LiveNote:
    rate = sample_rate << halvings
    key = key.at_rate(rate)
    record = np.zeros(1, NOTE)
    note = record[0]
    output = key.output[:, None]
    if key.chain is not None:
        output = output * places(key.chain, key.output)
    note["hz"], note["strength"], note["output"] = key.hz[0], key.strength[0] * FLOOR, output[0]
    note["shape"], note["is_fixed"], note["by_rate"] = key.shapes[0], key.is_fixed[0], key.by_rate[0]
    note["nats"], note["times_s"], note["ceiling"] = key.nats[0], key.times_s[0], key.ceiling[0]
    note["tremolo_nats"] = key.tremolo_nats[0]
    _set_routes(note, key, loop_lag(rate))
    note["pitch_s"], note["lfo_hz"], note["lfo_fade_s"], note["pitch_span"] = 1.0, 1.0, 1.0, PITCH_SPAN_ST
    if key.motion is not None:
        _set_motion(note, key.motion)
    chain = np.zeros(1, CHAIN)
    if bool(key.can_have_dc()[0]):
        chain["dc_pole"] = dc_pole(DC_HZ / sample_rate)
    width, channels = 1, 1
    if key.chain is not None:
        _set_chain(note, chain[0], key.chain, sample_rate)
        width = 2 if bool(key.chain.pan[0] != 0.0) or bool(key.chain.spread[0] != 0.0) else 1
        # The room alone would make both sides of one sound; noise is another one on each.
        channels = key.channels if bool(chain["noise_level"] > 0.0) else width
    return LiveNote(record, chain, pitch_st, halvings, width, channels)


def _set_routes(note: Any, key: FmNote, lag: int) -> None:
    graph = graph_of(key)
    note["past"], note["n_groups"] = 2 * lag, len(graph.groups)
    depths = key.depths[0].tolist()
    heard = [i in graph.heard for i in range(N)]
    note["output"] *= heard
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
    loop = Loop(len(group.operators), group.edges, lag)
    source, lags, first = loop.graph
    end = inner + len(source)
    note["inner_source"][inner:end], note["inner_lag"][inner:end] = source, lags
    note["inner_depth"][inner:end] = loop.terms(np.array([depths]))[0]
    note["inner_first"][g, : first.size] = first
    note["inner"][g + 1] = end
    return end


def _set_motion(note: Any, motion: Motion) -> None:
    note["lfo_wave"], note["lfo_hz"], note["lfo_start"] = motion.wave[0], motion.hz[0], motion.start[0]
    note["lfo_delay_s"], note["lfo_fade_s"], note["seed"] = motion.delay_s[0], motion.fade_s[0], motion.seed[0]
    note["vibrato_st"], note["pitch_by_rate"] = motion.vibrato_st[0], motion.pitch_by_rate[0]
    note["pitch_st"], note["pitch_s"] = motion.pitch_st[0], motion.pitch_s[0]
    note["slides"] = bool(motion.pitch_st.any())


def _set_chain(note: Any, out: Any, chain: Chain, sample_rate: int) -> None:
    if chain.is_used("drive_db"):
        note["drives"] = True
        note["steep"], note["unsteep"] = (float(x[0]) for x in drive_factors(chain))
    out["seed"] = chain.seed[0]
    out["noise_level"] = level_to_amplitude(chain.noise_db, LEVEL_FLOOR_DB)[0] * chain.gain[0] * FLOOR
    out["noise_cutoff"], out["noise_damping"] = warped(chain.noise_hz / sample_rate)[0], 1.0 / chain.noise_q[0]
    out["noise_nats"], out["noise_s"] = db_to_nats(chain.noise_levels[0], LEVEL_FLOOR_DB), chain.noise_s[0]
    follow = semitones_to_factor(chain.filter_key * (chain.key - MIDDLE_C))
    out["filter"], out["damping"] = chain.filter_type[0], 1.0 / chain.filter_q[0]
    out["cutoff"] = (chain.filter_hz * follow / sample_rate)[0]
    out["filter_env_st"], out["filter_levels"] = chain.filter_env_st[0], chain.filter_levels[0]
    out["filter_s"] = chain.filter_s[0]
