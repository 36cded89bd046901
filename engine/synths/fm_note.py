"""A note of the FM instrument, decoded: unit positions and a key become the numbers that the operators work with.

Everything here is small (no frames) and in float64, so that a pitch is exact whatever type the sound is rendered in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.envelopes import N_STAGES, Envelope
from engine.dsp.motion import lfo, ramp, straight_envelope
from engine.dsp.oscillators import below_nyquist
from engine.dsp.units import (
    NATS_PER_DB,
    db_to_gain,
    db_to_nats,
    level_to_amplitude,
    midi_to_hz,
    nats_to_amplitude,
    semitones_to_factor,
    velocity_to_gain,
)
from engine.params.fm import (
    FM_SPACE,
    LEVEL_FLOOR_DB,
    N_OPERATORS,
    PITCH_SPAN_ST,
    RISE_TO_DB,
    mod_name,
)
from engine.synths.base import Number, per_row
from engine.synths.chance import CHANCES, chance_of
from engine.synths.decode import Decoder
from engine.synths.fm_bright import N_DIRECT as N_DIRECT
from engine.synths.fm_bright import ROUTES as ROUTES
from engine.synths.fm_bright import top_hz
from engine.synths.fm_chain import Chain
from engine.synths.fm_chain import names as chain_names
from engine.synths.key_response import key_level_db, key_speed, velocity_dx7_nats

FAINTEST = 10.0 ** (LEVEL_FLOOR_DB / 20.0)
CEILING = (RISE_TO_DB - LEVEL_FLOOR_DB) * NATS_PER_DB
"""What rising stages under the rate clock aim at, in nats, for an operator at full strength; weaker ones, down to
:data:`FAINTEST`, have it higher."""


@dataclass(frozen=True)
class Motion:
    """What swings and slides in each row: the LFO (``wave``, ``hz``, ``delay_s``, ``fade_s``, ``start`` in turns,
    ``seed``, ``vibrato_st``; all ``[batch]``) and the pitch envelope (``pitch_st`` and ``pitch_s`` ``[batch, stages]``,
    ``pitch_by_rate`` and ``hold_s`` ``[batch]``)."""

    wave: Tensor
    hz: Tensor
    delay_s: Tensor
    fade_s: Tensor
    start: Tensor
    seed: Tensor
    vibrato_st: Tensor
    pitch_st: Tensor
    pitch_s: Tensor
    pitch_by_rate: Tensor
    hold_s: Tensor

    def rows(self, index: Tensor) -> Motion:
        """The motion of some rows, ``index`` ``[n]``."""
        return Motion(**{name: tensor.index_select(0, index) for name, tensor in vars(self).items()})

    def at(self, time_s: Tensor) -> tuple[Tensor, Tensor]:
        """The pitch factor and how far the tremolo is down (0..1), at control points ``time_s`` ``[n]``: ``[batch,
        n]``."""
        swing = lfo(self.hz[:, None] * time_s + self.start[:, None], self.wave, self.seed)
        full = ramp(time_s, self.delay_s, self.fade_s)
        slide = straight_envelope(time_s, self.pitch_st, self.pitch_s, self.hold_s, self.pitch_by_rate, PITCH_SPAN_ST)
        vibrato = self.vibrato_st[:, None] * (2.0 * swing - 1.0) * full
        return semitones_to_factor(slide + vibrato), (1.0 - swing) * full

    def most(self) -> Tensor:
        """The highest pitch factor ``[batch]``."""
        return semitones_to_factor(self.pitch_st.amax(1).clamp(min=0.0) + self.vibrato_st)


@dataclass(frozen=True)
class FmNote:
    """One note for each row.

    ``hz``, ``strength`` (level, key and velocity), ``output`` (with the voice's gain) and ``shapes`` (places in
    ``WAVES``) are ``[batch, operators]``, ``depths`` ``[batch, routes]`` in radians, ``nats`` and ``times_s``
    ``[batch, operators, stages]``, ``by_rate`` and ``ceiling`` ``[batch, operators]`` for :class:`Envelope`, ``hold_s``
    ``[batch]``. ``is_fixed`` and ``tremolo_nats`` (the LFO's full depth) are ``[batch, operators]``; ``motion`` is
    ``None`` where nothing swings or slides, ``chain`` where nothing follows the operators, in any row; such sections
    get no gradient.
    """

    hz: Tensor
    strength: Tensor
    output: Tensor
    shapes: Tensor
    depths: Tensor
    nats: Tensor
    times_s: Tensor
    by_rate: Tensor
    ceiling: Tensor
    hold_s: Tensor
    is_fixed: Tensor
    tremolo_nats: Tensor
    motion: Motion | None
    chain: Chain | None
    may_open: bool = True
    """Whether gradients reach routes and outputs that are off, so that an optimiser can open them."""

    @property
    def n_rows(self) -> int:
        return self.hz.shape[0]

    @property
    def channels(self) -> int:
        """1, or 2 when any row has left and right."""
        return 1 if self.chain is None else self.chain.channels

    def can_have_dc(self) -> Tensor:
        """Rows ``[batch]`` whose sound may have a mean: all in which a sine is bent, shaped or driven."""
        bent = (self.depths > 0.0).any(1) | (self.shapes > 0).any(1)
        return bent if self.chain is None else bent | (self.chain.drive_db > 0.0)

    @property
    def wants_grad(self) -> bool:
        """Whether anything will be differentiated through this note."""
        parts = [vars(part) for part in (self, self.motion, self.chain) if part is not None]
        return torch.is_grad_enabled() and any(
            isinstance(t, Tensor) and t.requires_grad for part in parts for t in part.values()
        )

    def rows(self, index: Tensor) -> FmNote:
        """The notes of some rows, ``index`` ``[n]``."""
        motion = None if self.motion is None else self.motion.rows(index)
        chain = None if self.chain is None else self.chain.rows(index)
        tensors = {name: t.index_select(0, index) for name, t in vars(self).items() if isinstance(t, Tensor)}
        return FmNote(**tensors, motion=motion, chain=chain, may_open=self.may_open)

    def at_rate(self, rate: int) -> FmNote:
        """The same without operators that ``rate`` cannot hold.

        A tone that slides may not jump in level: what it reaches at its highest decides.
        """
        return replace(self, strength=self.strength * below_nyquist(self.highest_hz() / rate))

    def highest_hz(self) -> Tensor:
        """What the frequencies reach at their highest ``[batch, operators]``."""
        if self.motion is None:
            return self.hz
        return torch.where(self.is_fixed, self.hz, self.hz * self.motion.most()[:, None])

    def envelope(self, operator: int) -> Envelope:
        by_rate = self.by_rate[:, operator]
        clocks = (by_rate, self.ceiling[:, operator]) if bool(by_rate.any()) else (None, None)
        return Envelope(self.nats[:, operator], self.times_s[:, operator], self.hold_s, LEVEL_FLOOR_DB, *clocks)

    def top_hz(self) -> NDArray[np.float64]:
        """Frequency ``[batch]`` above which each row's sound is at least about 60 dB down, at its brightest moment."""
        with torch.no_grad():
            loudest = nats_to_amplitude(self.nats.amax(2), LEVEL_FLOOR_DB) * self.strength
            hz = self.hz if self.motion is None else self.hz * self.motion.most().unsqueeze(1)
            drive_db = torch.zeros(self.n_rows) if self.chain is None else self.chain.drive_db
            given = (hz, loudest, self.output, self.shapes, self.depths, drive_db)
            return top_hz(*(t.cpu().numpy() for t in given))


class FmDecoder:
    """Reads unit vectors of :data:`FM_SPACE`."""

    def __init__(self) -> None:
        self._values = Decoder(FM_SPACE)
        at = self._values.places
        names = [f"op{n}_" for n in range(1, N_OPERATORS + 1)]

        def each(name: str) -> Tensor:
            return at([n + name for n in names])

        def pairs(left: str, right: str) -> Tensor:
            return torch.stack([each(left), each(right)], 1)

        stages = range(1, N_STAGES + 1)
        self._ratio = each("ratio")
        self._detune = each("detune_cents")
        self._is_fixed = each("mode")
        self._fixed = each("fixed_hz")
        self._level = each("level_db")
        self._out = each("out_db")
        self._velocity = each("velocity")
        self._wave = each("wave")
        self._mute = each("mute")
        self._solo = each("solo")
        self._clock = each("env_clock")
        self._break = each("key_break")
        self._key_db = pairs("key_left_db", "key_right_db")
        self._key_curve = pairs("key_left_curve", "key_right_curve")
        self._key_rate = each("key_rate")
        self._env_db = at([f"{n}env{i}_db" for n in names for i in stages]).view(N_OPERATORS, N_STAGES)
        self._env_s = at([f"{n}env{i}_s" for n in names for i in stages]).view(N_OPERATORS, N_STAGES)
        self._mod = at([mod_name(s + 1, d + 1) for s, d in ROUTES])
        self._transpose = at(["transpose_st"])
        self._gain = at(["gain_db"])
        self._curve = at(["velocity_curve"])
        self._chain_places = {name: at(found) for name, found in chain_names().items()}
        names_of_chain = ("drive_db", "pan", "spread", "noise_db", "filter_type", "reverb")
        self._chain_switches = at(names_of_chain)
        self._chain_off = _off_values(names_of_chain)
        per_operator = ("wave", "mode", "mute", "solo", "env_clock", "key_left_db", "key_right_db", "key_rate")
        switches = [n + name for n in names for name in per_operator]
        switches += ["velocity_curve", "vibrato_st", "tremolo_db", *(f"pitch_env{i}_st" for i in stages)]
        switches += names_of_chain
        self._switches = at(switches)
        self._neutral = _off_values(switches)
        self._tremolo = each("tremolo")
        self._tremolo_db = at(["tremolo_db"])
        self._vibrato = at(["vibrato_st"])
        self._pitch_st = at([f"pitch_env{i}_st" for i in stages])
        self._pitch_s = at([f"pitch_env{i}_s" for i in stages])
        self._pitch_clock = at(["pitch_env_clock"])
        self._lfo = at(["lfo_wave", "lfo_hz", "lfo_delay_s", "lfo_fade_s", "lfo_sync"])

    def __call__(
        self, unit: Tensor, note: Number, velocity: Number, hold_s: Number, rng: torch.Generator | None = None
    ) -> FmNote:
        """Decode ``unit`` ``[batch, n_units]``; ``note`` and ``velocity`` are MIDI numbers, ``rng`` decides all
        chance."""
        rows, device = unit.shape[0], unit.device
        values = self._values(unit.to(torch.float64))

        def pick(places: Tensor) -> Tensor:
            return values[:, places.to(device)]

        def is_on(places: Tensor) -> Tensor:
            return pick(places) > 0.5

        pitch = per_row(note, rows, device, "key")[:, None] + pick(self._transpose)
        hold = per_row(hold_s, rows, device, "length")
        strength = level_to_amplitude(pick(self._level), LEVEL_FLOOR_DB)
        velocity = per_row(velocity, rows, device, "velocity")[:, None]
        zeros = torch.zeros(rows, N_OPERATORS, dtype=torch.long, device=device)
        basic = FmNote(
            hz=midi_to_hz(pitch) * pick(self._ratio) * semitones_to_factor(pick(self._detune) / 100.0),
            strength=strength * self._velocity_gain(pick, velocity),
            output=level_to_amplitude(pick(self._out), LEVEL_FLOOR_DB) * db_to_gain(pick(self._gain)),
            shapes=zeros,
            depths=pick(self._mod),
            nats=db_to_nats(pick(self._env_db), LEVEL_FLOOR_DB),
            times_s=pick(self._env_s),
            by_rate=zeros.bool(),
            ceiling=zeros.double(),
            hold_s=hold,
            is_fixed=zeros.bool(),
            tremolo_nats=zeros.double(),
            motion=None,
            chain=None,
        )
        # Most patches use nothing of what follows, and a knob's sound should not wait for it.
        if not values.requires_grad and not bool((pick(self._switches) != self._neutral.to(device)).any()):
            return basic
        # One for all rows: each then sounds in a batch as it does alone.
        seed = chance_of(rng or torch.Generator().manual_seed(0)).to(device).expand(rows)
        key = pitch.detach().round()
        level = pick(self._level)
        level = level + key_level_db(key, pick(self._break), pick(self._key_db), is_on(self._key_curve))
        strength = level_to_amplitude(level.clamp(LEVEL_FLOOR_DB, 0.0), LEVEL_FLOOR_DB)
        strength = strength * self._velocity_gain(pick, velocity) * ~is_on(self._mute)
        solo = is_on(self._solo)
        fixed_hz = pick(self._fixed) * semitones_to_factor(pick(self._detune) / 100.0)
        return replace(
            basic,
            hz=torch.where(is_on(self._is_fixed), fixed_hz, basic.hz),
            strength=strength,
            output=basic.output * (solo | ~solo.any(1, keepdim=True)),
            shapes=pick(self._wave).long(),
            times_s=basic.times_s / key_speed(key, pick(self._key_rate))[..., None],
            by_rate=is_on(self._clock),
            ceiling=CEILING - strength.clamp(min=FAINTEST).log(),
            is_fixed=is_on(self._is_fixed),
            tremolo_nats=pick(self._tremolo) * pick(self._tremolo_db) * NATS_PER_DB,
            motion=self._motion(pick, hold, seed),
            chain=self._chain(pick, pitch[:, 0], hold, seed),
        )

    def shift_st(self, unit: Tensor) -> Tensor:
        """How far each of ``unit`` shifts the pitch ``[batch]``."""
        return self._values(unit.to(torch.float64))[:, self._transpose][:, 0]

    def velocity_gains(self, unit: Tensor, velocity: Tensor) -> Tensor:
        """What each of ``velocity`` ``[n]`` does to the strength of the operators of one ``unit`` ``[1, n_units]``:
        ``[n, operators]``."""
        values = self._values(unit.to(torch.float64))
        return self._velocity_gain(lambda places: values[:, places.to(unit.device)], velocity[:, None])

    def _velocity_gain(self, pick: Callable[[Tensor], Tensor], velocity: Tensor) -> Tensor:
        sensitivity = pick(self._velocity)
        square = velocity_to_gain(velocity, sensitivity)
        is_dx7 = pick(self._curve) > 0.5
        if not bool(is_dx7.any()):
            return square
        return torch.where(is_dx7, torch.exp(velocity_dx7_nats(velocity, sensitivity)), square)

    def _chain(self, pick: Callable[[Tensor], Tensor], key: Tensor, hold_s: Tensor, seed: Tensor) -> Chain | None:
        if not bool((pick(self._chain_switches) != self._chain_off.to(seed.device)).any()):
            return None
        settings = {name: pick(places) for name, places in self._chain_places.items()}
        plain = {name: value if value.shape[1] > 1 else value[:, 0] for name, value in settings.items()}
        return Chain(**plain, gain=db_to_gain(pick(self._gain))[:, 0], key=key, hold_s=hold_s, seed=seed)

    def _motion(self, pick: Callable[[Tensor], Tensor], hold_s: Tensor, seed: Tensor) -> Motion | None:
        depths = (pick(self._vibrato), pick(self._tremolo_db), pick(self._pitch_st))
        if not any(bool(d.any()) for d in depths):
            return None
        wave, hz, delay_s, fade_s, sync = pick(self._lfo).unbind(1)
        return Motion(
            wave=wave.long(),
            hz=hz,
            delay_s=delay_s,
            fade_s=fade_s,
            start=torch.where(sync > 0.5, 0.0, seed.double() / CHANCES),
            seed=seed,
            vibrato_st=depths[0][:, 0],
            pitch_st=depths[2],
            pitch_s=pick(self._pitch_s),
            pitch_by_rate=pick(self._pitch_clock)[:, 0] > 0.5,
            hold_s=hold_s,
        )


def _off_values(names: Sequence[str]) -> Tensor:
    """The values at which parameters do nothing ``[names]``: 0, or the floor of a level."""
    return torch.tensor([FM_SPACE[n].low if FM_SPACE[n].off_at_low else 0.0 for n in names], dtype=torch.float64)
