"""From what is heard in a strike to a patch: modes one by one, and what is left of it as noise of the contact."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.convolve import good_size
from engine.matching.contenders import Locks
from engine.matching.modes import Floats, Modes
from engine.matching.strike_contact import suited
from engine.matching.strike_scene import StrikeScene
from engine.params.impact import (
    CONTACT_HIGH_HZ,
    CONTACT_LOW_HZ,
    IMPACT_SPACE,
    LEVEL_FLOOR_DB,
    MATERIALS,
    N_CONTACT_BANDS,
    N_MODES,
    SHAPES,
)
from engine.params.space import Values
from engine.synths.impact_force import LN_1000, contact_bands
from engine.synths.impact_materials import blended
from engine.synths.impact_note import ImpactNote

FREE = float(SHAPES.index("free"))
_SHORTEST_S, _LONGEST_S = 0.004, 60.0
_FAINTEST_DB = -40.0
"""So low the noise as a whole may become; its bands do the rest."""
_WIDTH, _WIDEST = 0.42, 0.2
"""Of modes without physics, a width gives left and right what differs as its square; wider, no more of it."""
_QUIETEST_DB = -60.0
"""Modes stay above, so that descent can raise them again."""
_LEAST_PUSHED = 0.03
"""Where the force has a gap, a faint mode would be made up for so much that a harder strike would scream."""
_LOWEST_COLOUR_HZ, _HIGHEST_COLOUR_HZ = 400.0, 2_500.0
"""From further off, the bands at the other end could not be made up for."""
PLAIN: Values = {
    "shape": FREE,
    "tuning": 1.0,
    "gain_db": 6.0,
    "width": 0.0,
    "imperfection": 0.0,
    "modes": 1.0,
    "contact_db": -20.0,
    "contact_hz": 1_000.0,
    "contact_oct": 5.0,
    "contact_s": 0.1,
    "contact_rise_s": 0.0003,
    "contact_direct": 1.0,
    "contact_into": 0.0,
}
"""An object without physics, whose noise is heard beside it."""


def start(scene: StrikeScene, modes: Modes, left: Floats, locks: Locks, apart: float = 0.0) -> Tensor:
    """Unit positions ``[n_units]`` of a patch with ``modes``, and noise like ``left`` ``[frames]``.

    In the share ``apart`` of the energy, left and right differ.
    """
    values = dict(PLAIN)
    values["width"] = min(_WIDTH * math.sqrt(apart), _WIDEST)
    n = max(len(modes), 1)
    values["modes"] = float(n)
    values["size_m"] = IMPACT_SPACE["size_m"].clamp(343.0 / (2.0 * _lowest_hz(modes)))
    values["material"] = _material(modes)
    unit = locks.apply(torch.tensor([IMPACT_SPACE.encode(values)], dtype=torch.float64))[0]
    for name, number in suited(modes, IMPACT_SPACE.decode(unit.tolist()), locks.names).items():
        _set(unit, name, np.array([number]))
    unit = locks.apply(_with_modes(scene, unit, modes)[None])[0]
    return locks.apply(_with_noise(scene, unit, left, locks)[None])[0].float()


def _lowest_hz(modes: Modes) -> float:
    return 100.0 if len(modes) == 0 else float(np.clip(modes.hz.min(), 60.0, 400.0))


def _material(modes: Modes) -> float:
    """The material whose damping is nearest to that of the modes, the loud ones most."""
    if len(modes) == 0:
        return 0.0
    every = torch.arange(len(MATERIALS))
    stuff = blended(every, every, torch.zeros(len(MATERIALS), dtype=torch.float64))
    squared = (2.0 * math.pi * torch.from_numpy(modes.hz)).square()
    damping = 0.5 * (stuff.alpha[:, None] + stuff.beta[:, None] * squared)
    far = (damping / torch.from_numpy(modes.damping)).log().square() * torch.from_numpy(modes.amplitude).sqrt()
    return float(far.sum(1).argmin())


def _with_modes(scene: StrikeScene, unit: Tensor, modes: Modes) -> Tensor:
    """``unit`` with the residuals that make its object ring as ``modes`` do: strong ones are its first."""
    for name in ("mode_pitch_st", "mode_damping_oct", "mode_level_db"):
        _set(unit, name, np.zeros(N_MODES))
    plain_hz = scene.note(unit[None]).hz[0].numpy()
    n = min(len(modes), plain_hz.size)
    # Of some about as strong, each goes to the place that is nearest in order.
    place = np.concatenate(
        [np.zeros(0, int), *(_paired(plain_hz, modes.hz, i, min(i + 32, n)) for i in range(0, n, 32))]
    )
    pitch_st, damping_oct = np.zeros((2, N_MODES))
    pitch_st[place] = 12.0 * np.log2(modes.hz[:n] / plain_hz[place])
    _set(unit, "mode_pitch_st", pitch_st)
    note = scene.note(unit[None])
    damping_oct[place] = np.log2(modes.damping[:n] / note.damping[0].numpy()[place])
    _set(unit, "mode_damping_oct", damping_oct)
    moved = pushed(note, scene.sample_rate)[0].clamp(min=_LEAST_PUSHED)
    level = (note.amplitude[0, 0].abs() * note.gain[0] * moved).numpy()[place]
    level_db = np.full(N_MODES, LEVEL_FLOOR_DB)
    level_db[place] = np.maximum(20.0 * np.log10(modes.amplitude[:n] / np.maximum(level, 1e-9)), _QUIETEST_DB)
    _set(unit, "mode_level_db", level_db)
    return unit


def _paired(plain_hz: Floats, hz: Floats, begin: int, end: int) -> NDArray[np.intp]:
    """To which of the places ``begin`` to ``end`` each of the modes there goes, so that their order is the same."""
    place = np.empty(end - begin, int)
    place[np.argsort(hz[begin:end])] = np.argsort(plain_hz[begin:end])
    return begin + place


def pushed(note: ImpactNote, rate: int) -> Tensor:
    """How much of each mode the push of ``note`` moves, ``[batch, modes]``: its spectrum there."""
    push = note.contact.push(note.contact.n_frames(rate, rate), rate)
    push = push[:, : math.ceil(float(note.contact.seconds.max()) * rate) + 1]
    turns = note.hz[..., None] * (torch.arange(push.shape[1], dtype=torch.float64) / rate)
    spectrum = torch.exp(-2j * math.pi * turns) * push[:, None]
    return spectrum.sum(2).abs()


def _set(unit: Tensor, name: str, numbers: Floats) -> None:
    param = IMPACT_SPACE[name]
    unit[IMPACT_SPACE.place(name)] = torch.tensor([param.to_unit(float(x)) for x in numbers], dtype=unit.dtype)


def _with_noise(scene: StrikeScene, unit: Tensor, left: Floats, locks: Locks) -> Tensor:
    """``unit`` with contact bands that have the energy of ``left`` and fall as it does."""
    rate = scene.sample_rate
    wanted, seconds = band_energies(left, rate)
    seconds = np.clip(seconds, _SHORTEST_S, _LONGEST_S)
    if "contact_s" not in locks.names:
        # As long as the half of the noise is, bands differ from that.
        order = np.argsort(seconds)
        half = int(np.searchsorted(np.cumsum(wanted[order]), 0.5 * wanted.sum()))
        _set(unit, "contact_s", seconds[order[half : half + 1]])
    if "contact_hz" not in locks.names and wanted.sum() > 0.0:
        # Its own colour lies around its energy: where softer strikes move it to lower bands, the whole stays as loud.
        octaves = np.log2(CONTACT_HIGH_HZ / CONTACT_LOW_HZ) * np.linspace(0.0, 1.0, N_CONTACT_BANDS)
        middle_hz = CONTACT_LOW_HZ * 2.0 ** float(np.average(octaves, weights=wanted))
        _set(unit, "contact_hz", np.clip([middle_hz], _LOWEST_COLOUR_HZ, _HIGHEST_COLOUR_HZ))
    values = IMPACT_SPACE.decode(unit.tolist())
    plain_s = values["contact_s"]
    assert isinstance(plain_s, float)
    _set(unit, "contact_band_oct", np.log2(seconds / plain_s))
    # What those lengths give at one level tells which levels are wanted.
    _set(unit, "contact_band_db", np.zeros(N_CONTACT_BANDS))
    note = scene.note(unit[None])
    n = note.contact.n_frames(rate, scene.n_frames)
    noise = note.contact.noise(n, rate)[0] * (note.contact.beside(rate) * note.gain)[0]
    given, _ = band_energies(noise.numpy(), rate)
    level_db = 10.0 * np.log10(np.maximum(wanted, 1e-20) / np.maximum(given, 1e-20))
    if "contact_db" not in locks.names:
        # The noise as a whole has the level of its loudest bands.
        param, own = IMPACT_SPACE["contact_db"], values["contact_db"]
        assert isinstance(own, float)
        whole = param.clamp(own + float(np.sort(level_db)[-4:].mean()))
        whole = max(whole, _FAINTEST_DB)
        _set(unit, "contact_db", np.array([whole]))
        level_db -= whole - own
    _set(unit, "contact_band_db", level_db)
    return unit


def band_energies(sound: Floats, rate: int) -> tuple[Floats, Floats]:
    """Energy of ``sound`` ``[n]`` in each contact band, and the times to -60 dB at which it seems to fall there."""
    # What runs over at the end comes back at the beginning: the lowest band rings for less than that.
    size = good_size(sound.size + round(0.1 * rate))
    spectrum = torch.fft.rfft(torch.from_numpy(sound).float(), n=size)
    hz = torch.arange(spectrum.shape[0], dtype=torch.float32).clamp(min=0.5) * (rate / size)
    bands: Tensor = torch.fft.irfft(spectrum * contact_bands(hz).sqrt(), n=size)[:, : sound.size]
    energy = bands.double().square().cumsum(1).numpy()
    share = energy / np.maximum(energy[:, -1:], 1e-30)
    fall = np.sqrt(np.prod([_fall((share < x).mean(1), x) for x in (0.5, 0.8)], axis=0)) * (rate / sound.size)
    return energy[:, -1], 2.0 * LN_1000 / fall


def _fall(when: Floats, share: float) -> Floats:
    """How fast an energy falls of which ``share`` had come at ``when`` (0..1) of the time that was heard: the nats it
    falls in that time."""
    falls = np.geomspace(1e-3, 1e4, 300)
    of_fall = -np.log1p(share * np.expm1(-falls)) / falls
    return np.exp(np.interp(-when, -of_fall, np.log(falls)))
