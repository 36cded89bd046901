"""Patches on their way to what a teacher wants: real renders of both instruments, and all that must not happen."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from toy_teacher import MelTeacher, Teacher

from engine.dsp.levelled import levelled
from engine.dsp.mel import RATE_HZ
from engine.errors import BadUsage
from engine.params import FM_SPACE, IMPACT_SPACE, Patch
from engine.priors.base import Prompt
from engine.sds.aim import Aim
from engine.sds.moving import Moving, speeds
from engine.sds.optimise import SdsSettings, SynthScene, arrows, refine
from engine.sds.schedule import Schedule, weight
from engine.synths.fm import FmSynth
from engine.synths.impact import ImpactSynth

PROMPT = Prompt("wanted", guidance=1.0)
PLAIN = SdsSettings(n_steps=4, draws=2, steps_back=1)
FM_TONE = {"mod_2_1_rad": 0.0, "op1_env1_db": 0.0, "op1_env2_db": -72.0, "op1_env3_db": -72.0}
SPACES = {"fm": FM_SPACE, "impact": IMPACT_SPACE}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def scene_of(name: str, seconds: float = 0.5, **more) -> SynthScene:
    synth = FmSynth(may_open=False) if name == "fm" else ImpactSynth()
    return SynthScene(synth, note=57.0, hold_s=2.0 * seconds, duration_s=seconds, **more)


def units(name: str, *changes: dict[str, float]) -> torch.Tensor:
    base = FM_TONE if name == "fm" else {"modes": 12.0, "material": 1.0}
    return torch.tensor([Patch(name, {**base, **change}).unit() for change in changes])


def teacher_of(scene: SynthScene, *changes: dict[str, float], spread: float = 0.05) -> MelTeacher:
    """One that wants what the scene's instrument sounds like with any of ``changes``."""
    with torch.no_grad():
        wanted = levelled(scene.sounds(units(scene.space.name, *changes)), RATE_HZ)
    return MelTeacher(
        {"wanted": wanted, "other": 0.1 * torch.randn(2, wanted.shape[1], generator=rng(9))}, spread=spread
    )


def all_free(name: str) -> torch.Tensor:
    return torch.ones(SPACES[name].n_units, dtype=torch.bool)


def only(name: str, *names: str) -> torch.Tensor:
    free = torch.zeros(SPACES[name].n_units, dtype=torch.bool)
    for one in names:
        free[SPACES[name].place(one)] = True
    return free


def value(name: str, unit: torch.Tensor, param: str) -> float:
    return float(SPACES[name][param].from_unit(float(unit[SPACES[name].place(param)][0])))


def run(scene, unit, free, teacher, settings=PLAIN, seed=0, prompt=PROMPT, **more):
    return list(refine(scene, unit, free, teacher, prompt, settings, rng(seed), **more))


AIMS = {
    "what the prior sees": SdsSettings(),
    "magnitudes of its decoder": SdsSettings(place="decoder"),
    "their logarithms": SdsSettings(place="decoder", emphasis="log spectrogram"),
    "samples of its decoder": SdsSettings(place="decoder", emphasis="l2"),
    "what it has drawn": SdsSettings(sds=0.0, fit=1.0),
    "both": SdsSettings(fit=1.0),
}
CASES = {
    "a decay of fm": ("fm", "op1_env2_s", 0.6, 0.15),
    "brightness of fm": ("fm", "mod_2_1_rad", 0.8, 2.0),
    "a decay of a strike": ("impact", "damping_low", 1.0, 8.0),
    "brightness of a strike": ("impact", "damping_high", 0.5, 8.0),
}


@pytest.mark.parametrize("aim", AIMS)
@pytest.mark.parametrize("case", CASES)
def test_a_knob_reaches_what_the_teacher_wants(case, aim) -> None:
    name, knob, start, wanted = CASES[case]
    scene = scene_of(name)
    teacher = teacher_of(scene, {knob: wanted})
    drawn = teacher.kinds["wanted"]
    settings = replace(AIMS[aim], n_steps=45, draws=2, steps_back=2, speed=0.02)
    states = run(scene, units(name, {knob: start}), only(name, knob), teacher, settings, wanted=drawn)
    states = [state for state in states if state.is_new]
    assert len(states) == 46
    place = SPACES[name].place(knob)
    goal = SPACES[name][knob].to_unit(wanted)
    apart = [abs(float(state.unit[0, place][0]) - goal) for state in states]
    assert apart[-1] < 0.1 * apart[0], (apart[0], apart[-1])
    assert float(states[-1].loss) < float(states[0].loss)


def test_many_knobs_together_come_nearer_to_a_sound() -> None:
    """A brighter and shorter tone, every knob free, two starts as one batch."""
    scene = scene_of("fm")
    wanted = {"op1_env2_s": 0.08, "mod_2_1_rad": 2.0}
    teacher = teacher_of(scene, wanted)
    starts = units("fm", {"op1_env2_s": 0.5, "mod_2_1_rad": 0.5}, {"op1_env2_s": 0.02, "mod_2_1_rad": 4.0})
    states = run(scene, starts, all_free("fm"), teacher, replace(PLAIN, n_steps=40))
    first, last = (state.loss for state in (states[2], states[-1]))
    assert bool((last < 0.3 * first).all()), (first, last)


def test_encoder_and_decoder_pull_the_same_way_where_the_decoder_is_linear() -> None:
    """1.8b: with an orthogonal encoder both slopes are one, up to a factor."""
    n = 1_200
    basis = torch.linalg.qr(torch.randn(n, n, generator=rng(3)))[0]
    scene = replace(scene_of("fm", n / RATE_HZ))
    with torch.no_grad():
        wanted = levelled(scene.sounds(units("fm", {"op1_env2_s": 0.02})), RATE_HZ)
    found = []
    for settings in (PLAIN, replace(PLAIN, place="decoder", emphasis="l2")):
        teacher = Teacher({"wanted": wanted}, view=lambda x: x[:, 0] @ basis, back=lambda z: z @ basis.T)
        aim = Aim(scene, teacher, PROMPT, settings, rng(1), None)
        seen = aim.look(units("fm", {"op1_env2_s": 0.3}))
        for _ in aim.ask(seen, 0.0):
            pass
        found.append(aim.slope(seen)[1][0])
    encoder, decoder = found
    assert float(encoder.norm()) > 0.0
    assert float(torch.cosine_similarity(encoder, decoder, dim=0)) > 0.9999


@pytest.mark.parametrize("draws", [1, 3])
def test_the_weight_of_a_level_scales_the_slope(draws: int) -> None:
    """Equation 2: every draw has its ``w(t)``, and ``sds`` beside ``fit`` becomes lighter or heavier by it."""
    scene = scene_of("fm", 0.2)
    found = {}
    for weighing in ("sound", "noise", "noise power"):
        teacher = teacher_of(scene, {"op1_env2_s": 0.05})
        aim = Aim(scene, teacher, PROMPT, replace(PLAIN, draws=draws, weighing=weighing), rng(1), None)
        seen = aim.look(units("fm", {"op1_env2_s": 0.3}))
        for _ in aim.ask(seen, 0.0):
            pass
        weights = [weight(1.0 - level, level, weighing) for level in teacher.asked]
        assert len(weights) == draws
        found[weighing] = (aim.slope(seen)[1].norm(), sum(weights) / draws)
    plain, one = found["sound"]
    assert one == 1.0
    for slope, mean in (found["noise"], found["noise power"]):
        assert abs(mean - 1.0) > 0.1
        # Of several draws the mixture differs a little too.
        assert float(slope / plain) == pytest.approx(mean, rel=1e-4 if draws == 1 else 0.1)


@pytest.mark.parametrize("place", ["encoder", "decoder"])
def test_the_slope_of_the_whole_way_is_right(place) -> None:
    """From the loss through prior, level and strike to every knob, against small steps in float64."""
    scene = scene_of("impact", 0.2)
    aim = Aim(scene, teacher_of(scene, {"damping_low": 4.0}), PROMPT, replace(PLAIN, place=place), rng(1), None)
    # At a whole number of modes there is a corner.
    start = units("impact", {"modes": 12.5, "room": 0.3, "contact_db": -12.0}).double()
    seen = aim.look(start)
    for _ in aim.ask(seen, 0.0):
        pass
    # Without what moves pitches, whose slopes bend within a millionth of their travel.
    way = torch.randn(start.shape, generator=rng(2), dtype=torch.float64) * (speeds(IMPACT_SPACE) > 0.2)
    way *= (start > 0.01) & (start < 0.99)
    # A larger step meets the corners of what is just loud enough to count.
    step = 1e-7
    ends = [float(aim.slope(aim.look(start + sign * step * way))[0]) for sign in (1.0, -1.0)]
    assert float((aim.slope(seen)[1] * way).sum()) == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-3)


@pytest.mark.parametrize("place", ["encoder", "decoder"])
def test_the_same_seed_gives_the_same_run_and_another_one_another(place) -> None:
    scene = scene_of("fm", 0.2)
    teacher, start = teacher_of(scene, {"op1_env2_s": 0.05}), units("fm", {"op1_env2_s": 0.3})
    one, again, other = (
        run(scene, start, all_free("fm"), teacher, replace(PLAIN, place=place), seed) for seed in (1, 1, 2)
    )
    assert torch.equal(one[-1].unit, again[-1].unit)
    assert torch.equal(one[-1].loss, again[-1].loss)
    assert not torch.equal(one[-1].unit, other[-1].unit)


@pytest.mark.parametrize("coordinates", ["unit", "logit"])
@pytest.mark.parametrize("name", ["fm", "impact"])
def test_locks_keep_their_bits_and_bounds_hold(name, coordinates) -> None:
    """Every other position is locked at odd numbers; the rest goes as far as it can, and no further."""
    scene, n = scene_of(name, 0.1), SPACES[name].n_units
    start = units(name, {}, {}).clamp(0.1234567, 0.87654321)
    start += 1e-3 * torch.rand(start.shape, generator=rng(5))
    free = torch.arange(n) % 2 == 0
    low, high = torch.full((n,), 0.31), torch.full((n,), 0.37)
    teacher = teacher_of(scene, {"gain_db": 0.0})
    settings = replace(PLAIN, n_steps=6, speed=1.0, coordinates=coordinates)
    states = run(scene, start, free, teacher, settings, low=low, high=high)
    for state in states:
        assert torch.equal(state.unit[:, ~free], start[:, ~free])
        assert bool((state.unit[:, free] >= low[free]).all() and (state.unit[:, free] <= high[free]).all())
    moved = (states[-1].unit != states[0].unit).any(0)
    assert int(moved.sum()) > 10


def test_a_range_of_nothing_is_a_lock_at_its_place() -> None:
    scene = scene_of("fm", 0.1)
    low = torch.zeros(FM_SPACE.n_units)
    high = torch.ones(FM_SPACE.n_units)
    place = FM_SPACE.place("op1_env2_s")
    low[place] = high[place] = 0.4
    for coordinates in ("unit", "logit"):
        settings = replace(PLAIN, speed=0.5, coordinates=coordinates)
        teacher = teacher_of(scene, {"op1_env2_s": 0.01})
        states = run(scene, units("fm", {}), all_free("fm"), teacher, settings, low=low, high=high)
        assert {round(float(state.unit[0, place][0]), 6) for state in states} == {0.4}


def test_steps_and_choices_stay() -> None:
    for name, space in SPACES.items():
        found = speeds(space)
        for param in space:
            if not param.is_continuous:
                assert float(found[space.place(param.name)].max()) == 0.0
        assert float(found.max()) == 1.0
        assert float(found[space.place("transpose_st")][0]) > 0.0, name


class Faulty(FmSynth):
    """An instrument that breaks for the row ``broken`` of a batch, in its ``sound`` or only in its ``slope``."""

    def __init__(self, broken: int, what: str) -> None:
        super().__init__(may_open=False)
        self.broken, self.what = broken, what

    def render(self, unit, **how):
        found = super().render(unit, **how)
        if self.what == "sound":
            factor = torch.ones(found.shape[0], 1, 1)
            factor[self.broken] = math.nan
            return found * factor
        if found.requires_grad:
            found.register_hook(lambda slope: self._break(slope))
        return found

    def _break(self, slope):
        slope = slope.clone()
        slope[self.broken, :, 50] = math.inf
        return slope


@pytest.mark.parametrize("what", ["sound", "slope"])
@pytest.mark.parametrize("settings", [PLAIN, replace(PLAIN, place="decoder"), replace(PLAIN, sds=0.0, fit=1.0)])
def test_what_is_not_finite_is_skipped_and_counted(settings, what) -> None:
    """The broken row stays where it is; the others go as they would without it."""
    clean = scene_of("fm", 0.2)
    teacher = teacher_of(clean, {"op1_env2_s": 0.05})
    start = units("fm", {"op1_env2_s": 0.3}, {"op1_env2_s": 0.4}, {"op1_env2_s": 0.02})
    drawn = teacher.kinds["wanted"]
    broken = run(replace(clean, synth=Faulty(1, what)), start, all_free("fm"), teacher, settings, wanted=drawn)
    whole = run(clean, start, all_free("fm"), teacher, settings, wanted=drawn)
    assert [state.skipped for state in broken if state.is_new] == [0, 1, 2, 3, 4]
    assert whole[-1].skipped == 0
    assert torch.equal(broken[-1].unit[1], start[1])
    assert torch.isfinite(broken[-1].loss).tolist() == [True, what == "slope", True]
    for row in (0, 2):
        assert torch.allclose(broken[-1].unit[row], whole[-1].unit[row], atol=1e-5)
        assert not torch.equal(broken[-1].unit[row], start[row])


def test_rows_do_not_hear_each_other() -> None:
    """What one patch learns does not depend on who else is refined, given the same noise."""
    scene = scene_of("impact", 0.2)
    teacher = teacher_of(scene, {"damping_low": 4.0})
    settings = replace(PLAIN, sds=0.0, fit=1.0, n_steps=0)
    start = units("impact", {"damping_low": 1.0}, {"damping_low": 16.0})
    drawn = teacher.kinds["wanted"]
    both = run(scene, start, all_free("impact"), teacher, settings, wanted=drawn)[-1].gradient
    for row in (0, 1):
        alone = run(scene, start[row : row + 1], all_free("impact"), teacher, settings, wanted=drawn)[-1].gradient[0]
        assert float((both[row] - alone).norm()) < 1e-3 * float(alone.norm())


def test_a_run_can_be_stopped_between_two_passes() -> None:
    """The prior is told, no slopes stay switched off, and what was seen is the start."""
    scene = scene_of("fm", 0.2)
    teacher, start = teacher_of(scene, {"op1_env2_s": 0.05}), units("fm", {})
    steps = refine(scene, start, all_free("fm"), teacher, PROMPT, replace(PLAIN, steps_back=3), rng())
    first = next(steps)
    assert not first.is_new
    assert torch.equal(first.unit, start)
    next(steps)
    steps.close()
    assert teacher.closed == 1
    assert torch.is_grad_enabled()
    with pytest.raises(StopIteration):
        next(steps)


def test_each_pass_and_each_state_is_told() -> None:
    """Encoded once for a state, asked as often as there are draws, targets used again."""
    scene = scene_of("fm", 0.1)
    teacher, start = teacher_of(scene, {"op1_env2_s": 0.05}), units("fm", {})
    plan = Schedule(low=0.3, high=0.9, end=0.5)
    settings = SdsSettings(n_steps=5, draws=3, steps_back=2, reuse=2, schedule=plan)
    teacher.looks = 0
    states = run(scene, start, all_free("fm"), teacher, settings)
    assert teacher.looks == 6
    assert len(teacher.asked) == 3 * 3
    assert len([state for state in states if not state.is_new]) == 3 * 3 * 2
    assert [state.n_done for state in states if state.is_new] == list(range(6))
    shares = [state.share for state in states]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    for turn, done in enumerate((0.0, 0.4, 0.8)):
        top = 0.9 - 0.4 * done
        for part, level in enumerate(sorted(teacher.asked[3 * turn : 3 * turn + 3])):
            assert int((level - 0.3) / (top - 0.3) * 3.0) == part


def test_a_state_is_told_with_its_own_sound_and_slope() -> None:
    scene = scene_of("fm", 0.2)
    teacher = teacher_of(scene, {"op1_env2_s": 0.05})
    settings = replace(PLAIN, sds=0.0, fit=1.0, n_steps=3)
    drawn = teacher.kinds["wanted"]
    states = run(scene, units("fm", {"op1_env2_s": 0.4}), all_free("fm"), teacher, settings, wanted=drawn)
    for state in states:
        (again,) = run(scene, state.unit, all_free("fm"), teacher, replace(settings, n_steps=0), wanted=drawn)
        with torch.no_grad():
            heard = levelled(scene.sounds(state.unit), RATE_HZ)
        assert torch.allclose(state.sounds, heard, atol=1e-5)
        assert torch.allclose(state.loss, again.loss, rtol=1e-4)
        assert torch.allclose(state.gradient, again.gradient, rtol=1e-3, atol=1e-6)
        assert not any(x.requires_grad for x in (state.unit, state.loss, state.gradient, state.sounds))


@pytest.mark.parametrize("place", ["encoder", "decoder"])
def test_gain_is_not_what_is_learned(place) -> None:
    """The wanted sound is the same, only louder: no knob hears a reason to move, least of all the gain."""
    scene = scene_of("fm", 0.3)
    start = units("fm", {"gain_db": -20.0, "op1_env2_s": 0.1})
    with torch.no_grad():
        wanted = scene.sounds(start)

    def louder(x):
        return MelTeacher({}).view(x) + 0.5

    gains = {}
    for how in (True, False):
        teacher = MelTeacher({"wanted": wanted}, spread=1e-3)
        teacher.kinds = {"wanted": louder(wanted[:, None])}
        settings = replace(PLAIN, n_steps=0, place=place, emphasis="spectrogram", levelled=how)
        gains[how] = abs(
            float(run(scene, start, all_free("fm"), teacher, settings)[-1].gradient[0, FM_SPACE.place("gain_db")])
        )
    assert gains[True] < 1e-4 * max(gains[False], 1.0)
    assert gains[False] > 0.01


def test_modes_shift_together_when_the_voice_may_not() -> None:
    """With the pitch locked, all heard modes still cross a gap by one common step (arXiv 2608.05145)."""
    shift = 0.01
    start = units("impact", {})
    n = IMPACT_SPACE.n_units
    free = only("impact", "mode_pitch_st")
    place = IMPACT_SPACE.place("mode_pitch_st")
    slope = torch.zeros(1, n)
    # The modes disagree, most of them upwards.
    slope[0, place.start : place.start + 4] = torch.tensor([-1.0, -1.0, 0.5, -1.0])
    moving = Moving(start, free, IMPACT_SPACE, low=None, high=None, speed=shift, clip=2.0)
    for _ in range(6):
        moving.step(slope, torch.zeros(1), 1.0)
    moved = (moving.unit - start)[0, place]
    assert bool((moved[:4] > 0.0).all())
    assert float(moved[4:].abs().max()) == 0.0
    with_voice = Moving(
        start, free | only("impact", "transpose_st"), IMPACT_SPACE, low=None, high=None, speed=shift, clip=2.0
    )
    slope[0, IMPACT_SPACE.place("transpose_st")] = slope[0, place].sum()
    for _ in range(6):
        with_voice.step(slope, torch.zeros(1), 1.0)
    moved = (with_voice.unit - start)[0]
    assert float(moved[IMPACT_SPACE.place("transpose_st")][0]) > 0.0
    assert float(moved[place.start + 2]) < 0.0


def test_loops_that_are_shut_stay_shut() -> None:
    start = units("fm", {"mod_1_1_rad": 0.0}, {"mod_1_1_rad": 0.5})
    moving = Moving(start, all_free("fm"), FM_SPACE, low=None, high=None, speed=0.01, clip=2.0)
    for _ in range(3):
        moving.step(torch.full_like(start, -1.0), torch.zeros(2), 1.0)
    moved = (moving.unit - start)[:, FM_SPACE.place("mod_1_1_rad")].flatten()
    assert moved[0] == 0.0 < moved[1]
    assert bool(((moving.unit - start)[:, FM_SPACE.place("mod_3_1_rad")] > 0.0).all())


def test_a_sudden_slope_is_clipped_for_its_row_alone() -> None:
    start = units("fm", {}, {})
    place = FM_SPACE.place("op1_env2_s").start
    ways = []
    for sudden in (1.0, 1e6):
        moving = Moving(start, all_free("fm"), FM_SPACE, low=None, high=None, speed=0.01, clip=2.0)
        for i in range(10):
            slope = torch.zeros_like(start)
            slope[:, place] = 1.0
            slope[0, place] *= sudden if i == 5 else 1.0
            moving.step(slope, torch.zeros(2), 1.0)
        ways.append((start - moving.unit)[:, place])
    assert torch.equal(ways[0][1], ways[1][1])
    assert 0.8 < float(ways[1][0] / ways[0][0]) < 1.4


def test_what_hardly_matters_hardly_moves() -> None:
    start = units("fm", {})
    moving = Moving(start, all_free("fm"), FM_SPACE, low=None, high=None, speed=0.01, clip=2.0)
    loud, faint = FM_SPACE.place("op1_env2_s").start, FM_SPACE.place("op1_env3_s").start
    for _ in range(20):
        slope = torch.zeros_like(start)
        slope[0, loud], slope[0, faint] = 1.0, 1e-4
        moving.step(slope, torch.zeros(1), 1.0)
    moved = (moving.unit - start).abs()[0]
    assert float(moved[faint]) < 0.02 * float(moved[loud])


def test_each_row_has_its_own_key_and_chance() -> None:
    scene = scene_of("fm", 0.1, seeds=(3, 4))
    scene = replace(scene, note=torch.tensor([57.0, 69.0]), velocity=torch.tensor([100.0, 90.0]))
    both = scene.sounds(units("fm", {"noise_db": -12.0}, {"noise_db": -12.0}))
    for row, (key, velocity, seed) in enumerate(((57.0, 100.0, 3), (69.0, 90.0, 4))):
        alone = replace(scene, note=key, velocity=velocity, seeds=seed).sounds(units("fm", {"noise_db": -12.0}))
        assert torch.allclose(both[row], alone[0], atol=1e-6)
    with pytest.raises(ValueError, match="seeds"):
        scene.sounds(units("fm", {}))


def test_a_scene_at_another_rate_and_a_fit_to_nothing_are_refused() -> None:
    scene = scene_of("fm", 0.1)
    teacher = teacher_of(scene, {})
    with pytest.raises(BadUsage, match="24000 Hz"):
        run(replace(scene, sample_rate=48_000), units("fm", {}), all_free("fm"), teacher)
    with pytest.raises(BadUsage, match="nothing to fit to"):
        run(scene, units("fm", {}), all_free("fm"), teacher, replace(PLAIN, fit=1.0))


@pytest.mark.parametrize("seconds", [0.1, 0.4])
def test_what_was_drawn_may_be_longer_or_shorter(seconds) -> None:
    """Behind a shorter one there is silence."""
    scene = scene_of("fm", 0.2)
    teacher = teacher_of(scene, {"op1_env2_s": 0.03})
    drawn = teacher_of(scene_of("fm", seconds), {"op1_env2_s": 0.03}).kinds["wanted"]
    settings = replace(PLAIN, sds=0.0, fit=1.0, n_steps=0)
    near, far = (
        float(run(scene, units("fm", {"op1_env2_s": s}), all_free("fm"), teacher, settings, wanted=drawn)[-1].loss)
        for s in (0.03, 1.0)
    )
    assert near < 0.3 * far


def test_pictures_of_what_was_drawn_are_fitted_too() -> None:
    scene = scene_of("fm", 0.3)
    teacher = teacher_of(scene, {"op1_env2_s": 0.05})
    wanted = levelled(scene.sounds(units("fm", {"op1_env2_s": 0.05})).detach(), RATE_HZ)
    teacher.back = lambda z: wanted.expand(z.shape[0], -1)
    settings = replace(PLAIN, sds=0.0, fit=1.0, fit_pictures=True, n_steps=40)
    drawn = teacher.kinds["wanted"]
    states = run(scene, units("fm", {"op1_env2_s": 0.3}), only("fm", "op1_env2_s"), teacher, settings, wanted=drawn)
    assert value("fm", states[-1].unit[0], "op1_env2_s") == pytest.approx(0.05, rel=0.2)
    plain = run(
        scene,
        units("fm", {"op1_env2_s": 0.3}),
        only("fm", "op1_env2_s"),
        teacher,
        replace(settings, fit_pictures=False),
        wanted=drawn,
    )
    assert float(states[0].loss) > float(plain[0].loss)


def test_arrows_point_to_what_is_wanted() -> None:
    """A tone that should be shorter, and one that should be brighter."""
    scene, start = scene_of("fm", 0.4), {"op1_env2_s": 0.4, "mod_2_1_rad": 1.0}
    for knob, wanted in (("op1_env2_s", 0.15), ("op1_env2_s", 1.2), ("mod_2_1_rad", 1.8), ("mod_2_1_rad", 0.4)):
        teacher = teacher_of(scene, {**start, knob: wanted})
        state = run(scene, units("fm", start), all_free("fm"), teacher, replace(PLAIN, n_steps=0))[-1]
        found = arrows(state.gradient[0], state.unit[0], FM_SPACE)
        assert found[knob] * (1.0 if wanted > start[knob] else -1.0) > 0.3, found
        assert max(map(abs, found.values())) == 1.0
        assert not {"op1_wave", "gain_db"} & set(found)


def test_arrows_at_a_stop_and_of_looks_that_disagree() -> None:
    n = FM_SPACE.n_units
    unit, gradient = torch.full((n,), 0.5), torch.zeros(2, n)
    at = {name: FM_SPACE.place(name).start for name in ("op1_env2_s", "op2_env2_s", "op3_env2_s", "op1_level_db")}
    unit[at["op1_level_db"]] = 1.0
    gradient[:, at["op1_env2_s"]] = torch.tensor([1.0, 1.0])
    gradient[:, at["op2_env2_s"]] = torch.tensor([3.0, -3.0])
    gradient[:, at["op3_env2_s"]] = torch.tensor([-0.25, -0.25])
    gradient[:, at["op1_level_db"]] = torch.tensor([-5.0, -5.0])
    assert arrows(gradient, unit, FM_SPACE) == {"op1_env2_s": -1.0, "op3_env2_s": 0.5}
    assert arrows(torch.full((n,), math.nan), unit, FM_SPACE) == {}
