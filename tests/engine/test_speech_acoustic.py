"""The acoustic voice: what its style does to timing, pitch and noise, whatever it has learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from steps import finished
from toy_voice import TINY

from engine.dsp.mel import LOG_FLOOR, N_BANDS
from engine.errors import BadUsage
from engine.speech.acoustic import AcousticVoice, SpokenFrames, Style
from engine.speech.acoustic_net import N_PROSODY, PITCH, AcousticNet, Places
from engine.speech.symbols import ids_of

TEXT = ids_of("^ HH AH0 L OW1 , W ER1 L D . $")


@pytest.fixture(scope="module")
def voice() -> AcousticVoice:
    """A net that has learned nothing, and so draws all kinds of things."""
    torch.manual_seed(3)
    net = AcousticNet(TINY)
    for tower in (net.prosody, net.drawn):
        torch.nn.init.normal_(tower.put_out.weight, std=0.2)
        torch.nn.init.normal_(tower.modulate.weight, std=0.2)
    net.mean.fill_(-5.0)
    net.prosody_mean.copy_(torch.tensor([1.5, 1.5, 5.0, -1.0]))
    net.prosody_spread.copy_(torch.tensor([0.4, 0.4, 0.2, 0.5]))
    return AcousticVoice(net)


def said(voice: AcousticVoice, style: Style = Style(), number: int = 0) -> SpokenFrames:  # noqa: B008
    return finished(voice.chunk_steps(TEXT, style, number))[0]


def test_every_symbol_has_its_place(voice: AcousticVoice) -> None:
    found = said(voice)
    assert found.ids == tuple(TEXT)
    assert found.begins[0] == 0
    assert found.begins[-1] == len(found.frames)
    lengths = np.diff(found.begins)
    assert lengths.min() >= 1
    # A phoneme has two states, and each a frame.
    assert lengths[1] >= 2
    assert found.frames.shape[1] == N_BANDS
    assert bool(found.frames.isfinite().all())
    assert float(found.frames.min()) >= LOG_FLOOR - 1e-4


def test_the_same_seed_says_the_same_and_another_something_else(voice: AcousticVoice) -> None:
    one, again, other = said(voice), said(voice), said(voice, Style(seed=1))
    assert torch.equal(one.frames, again.frames)
    assert one.frames.shape != other.frames.shape or not torch.equal(one.frames, other.frames)
    assert not torch.equal(one.frames[:20], said(voice, number=1).frames[:20])


def test_a_draft_has_the_timing_of_the_full_take(voice: AcousticVoice) -> None:
    draft, full = said(voice, Style(steps=2)), said(voice, Style(steps=16, method="midpoint", guidance=2.0))
    assert draft.begins == full.begins
    assert not torch.equal(draft.frames, full.frames)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_speed_is_kept_over_the_whole(voice: AcousticVoice, speed: float) -> None:
    usual, other = said(voice), said(voice, Style(speed=speed))
    assert len(other.frames) * speed == pytest.approx(len(usual.frames), rel=0.12)


def test_pitch_energy_and_liveliness_are_told_to_the_frames(voice: AcousticVoice) -> None:
    told: list[torch.Tensor] = []
    net = voice._net
    spread_out = net.spread_out

    def listen(h: torch.Tensor, mu: torch.Tensor, prosody: torch.Tensor, places: Places) -> Any:
        told.append(net.denormalise_prosody(prosody[0]))
        return spread_out(h, mu, prosody, places)

    net.spread_out = listen  # type: ignore[method-assign]
    try:
        for style in (Style(), Style(pitch_st=3.0), Style(energy_db=6.0), Style(liveliness=0.0)):
            said(voice, style)
    finally:
        del net.spread_out
    usual, higher, louder, flat = told
    assert usual.shape == (len(TEXT), N_PROSODY)
    assert torch.allclose(higher[:, PITCH] - usual[:, PITCH], torch.tensor(3.0 / 12.0 * np.log(2.0)).float(), atol=1e-5)
    assert torch.allclose(louder[:, 3] - usual[:, 3], torch.tensor(6.0 / 20.0 * np.log(10.0)).float(), atol=1e-5)
    assert float(flat[:, PITCH].std()) < 1e-5 < float(usual[:, PITCH].std())


def test_it_can_be_stopped_at_each_step(voice: AcousticVoice) -> None:
    steps = voice.chunk_steps(TEXT, Style(steps=8))
    assert next(steps) == pytest.approx(1 / 8)
    steps.close()
    _, shares = finished(voice.chunk_steps(TEXT, Style(steps=8)))
    assert shares == pytest.approx([k / 8 for k in range(1, 9)])


def test_frames_know_their_state_and_how_far_in_they_are() -> None:
    places = Places.of(torch.tensor([[[2, 1], [3, 0]]]), 8)
    assert places.state[0, :6].tolist() == [0, 0, 1, 2, 2, 2]
    assert places.mask[0].tolist() == [True] * 6 + [False] * 2
    assert places.place[0, :6, 0].tolist() == pytest.approx([0.25, 0.75, 0.5, 1 / 6, 0.5, 5 / 6])


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": 0.1},
        {"speed": float("nan")},
        {"pitch_st": 13.0},
        {"energy_db": -20.0},
        {"steps": 0},
        {"steps": 33},
        {"grid": "zigzag"},
        {"method": "heun"},
        {"temperature": -1.0},
        {"liveliness": 4.0},
    ],
)
def test_what_cannot_be_said_is_said(voice: AcousticVoice, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadUsage):
        said(voice, replace(Style(), **wrong))


def test_a_chunk_without_words_is_refused(voice: AcousticVoice) -> None:
    with pytest.raises(BadUsage, match="nothing to say"):
        finished(voice.chunk_steps(ids_of("^ , . $"), Style()))
