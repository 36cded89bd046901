"""Scrape, roll and bounce drive the modes of an object; what is struck again adds, and a hand on it chokes it."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from steps import finished

from engine.audio import Audio, loudness_lufs
from engine.errors import BadUsage
from engine.named_patch import find_patch
from engine.params import Patch
from engine.params.gesture import CHOKE_S, GESTURES, Gesture, Hand, Touch
from engine.params.playing import PlaySettings
from engine.synths.impact import ImpactSynth
from engine.synths.impact_contacts import USUAL_SPEED, ContactStream, Striker, velocity_of
from engine.synths.impact_gesture import play_gesture
from engine.synths.impact_note import ImpactDecoder
from engine.synths.impact_scrape import FORCE
from engine.synths.impact_struck import ContactNoise
from engine.synths.live import LiveInstrument
from engine.synths.live_voice import Key, roomed

RATE = 48_000
METAL = Patch("impact", {"material": 1.0, "shape": 1.0, "modes": 60.0, "release_s": 0.25, "room": 0.0})
LONG = METAL.with_values(damping_low=0.5, damping_high=0.5)
WOOD = Patch("impact", {"shape": 0.0, "modes": 40.0, "room": 0.0})


@pytest.fixture(scope="module")
def synth():
    return ImpactSynth()


def heard(live, until, first=0):
    out = np.zeros((until - first, 2))
    for begin, sound in live.render(until):
        out[begin - first : begin - first + len(sound)] += sound
    return out


def alone(patch, note, velocity, n, **key):
    """One strike by itself, the key down, ``[n, 2]``."""
    return patch.strike(Key(note, velocity, **key)).process(n, True).T.astype(float)


# -- striking again ----------------------------------------------------------------------------------------------------


def test_striking_the_same_key_again_is_the_sum_of_both_in_one_voice(synth):
    patch = synth.live_patch(LONG, RATE)
    live = LiveInstrument(patch, RATE)
    live.note_on(60, 100, 0)
    first = heard(live, 7_000)
    live.note_off(60)
    live.note_on(60, 70, 7_000)
    both = np.concatenate([first, heard(live, 40_000, 7_000)])
    assert live.n_sounding == 1
    wanted = alone(patch, 60, 100, 40_000)
    wanted[7_000:] += alone(patch, 60, 70, 33_000, seed=1)
    assert np.abs(both - wanted).max() < 1e-5 * np.abs(wanted).max() + 1e-6


def test_a_key_struck_fifty_times_stays_one_voice_and_cuts_nothing(synth):
    patch = synth.live_patch(LONG, RATE)
    live = LiveInstrument(patch, RATE)
    every, n = 2_400, 50 * 2_400
    found, wanted = np.zeros((n, 2)), np.zeros((n, 2))
    for i in range(50):
        live.note_on(60, 60 + i, i * every)
        found[i * every : (i + 1) * every] = heard(live, (i + 1) * every, i * every)
        assert live.n_sounding <= 2
        wanted[i * every :] += alone(patch, 60, 60 + i, n - i * every, seed=i)
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_a_strike_behind_what_is_rendered_catches_up_and_joins(synth):
    patch = synth.live_patch(LONG, RATE)
    live = LiveInstrument(patch, RATE)
    live.note_on(60, 100, 0)
    blocks = live.render(9_600)
    live.note_on(60, 100, 8_000)
    blocks += live.render(12_000)
    assert live.n_sounding == 1
    blocks += live.render(24_000)
    found = np.zeros((24_000, 2))
    for first, sound in blocks:
        found[first : first + len(sound)] += sound
    wanted = alone(patch, 60, 100, 24_000)
    wanted[8_000:] += alone(patch, 60, 100, 16_000, seed=1)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max() + 1e-6


def test_a_damped_key_that_is_struck_again_goes_on_from_how_far_it_has_fallen(synth):
    patch = synth.live_patch(LONG.with_values(release=1.0, release_s=0.5), RATE)
    live = LiveInstrument(patch, RATE)
    live.note_on(60, 100, 0)
    heard(live, 9_600)
    live.note_off(60)
    falling = heard(live, 19_200, 9_600)
    live.note_on(60, 1, 19_200)
    after = heard(live, 28_800, 19_200)
    # Struck so softly that nothing is added, it is no longer damped and does not come back either.
    assert (
        np.abs(np.diff(np.concatenate([falling[-50:], after[:50]]), axis=0)).max()
        < 1.2 * np.abs(np.diff(falling[-2_400:], axis=0)).max()
    )
    levels = [np.sqrt((part**2).mean()) for part in np.split(after, 4)]
    assert levels[3] > 0.5 * levels[0]


def test_where_the_object_is_struck_changes_what_rings_and_its_pitch_stays(synth):
    patch = synth.live_patch(METAL, RATE)
    live = LiveInstrument(patch, RATE)
    live.hit((0.5, 0.5), 100, 60, 0)
    middle = heard(live, 24_000)
    live.hit((0.1, 0.23), 100, 60, 24_000)
    both = heard(live, 48_000, 24_000)
    assert live.n_sounding == 1
    wanted = alone(synth.live_patch(METAL.with_values(strike_x=0.5, strike_y=0.5), RATE), 60, 100, 48_000)
    other = alone(synth.live_patch(METAL.with_values(strike_x=0.1, strike_y=0.23), RATE), 60, 100, 24_000)
    assert np.abs(middle - wanted[:24_000]).max() < 1e-5
    assert np.abs(both - wanted[24_000:] - other).max() < 1e-5


@pytest.mark.parametrize("settings", [PlaySettings(), PlaySettings(play_mode=1)])
@pytest.mark.parametrize("note", [60, 64])
def test_what_was_struck_by_hand_rings_on_whatever_the_keys_do(synth, settings, note):
    patch = synth.live_patch(LONG.with_values(release=1.0, release_s=0.05), RATE)
    struck, played = LiveInstrument(patch, RATE, settings), LiveInstrument(patch, RATE, settings)
    struck.hit((0.3, 0.6), 100, 60, 0)
    wanted = heard(struck, 48_000)[24_000:]
    played.hit((0.3, 0.6), 100, 60, 0)
    heard(played, 4_800)
    played.note_on(note, 60, 4_800)
    heard(played, 9_600, 4_800)
    played.note_off(note)
    found = heard(played, 48_000, 9_600)[14_400:]
    assert np.abs(wanted).max() > 1e-3
    assert np.abs(found - wanted).max() < 0.02 * np.abs(wanted).max(), "the key's own sound is damped"
    played.damp(True)
    assert np.abs(heard(played, 57_600, 48_000)[4_800:]).max() < 1e-3 * np.abs(wanted).max()


# -- a hand that damps -------------------------------------------------------------------------------------------------


def envelope_db(sound, n=480):
    tops = np.abs(sound[: len(sound) // n * n]).max(1).reshape(-1, n).max(1)
    return 20.0 * np.log10(tops + 1e-12)


@pytest.mark.parametrize("seconds", [0.05, 0.25, 1.0])
def test_a_damping_hand_takes_60_db_in_its_own_time_at_most_without_a_jump(synth, seconds):
    patch = synth.live_patch(LONG.with_values(release_s=seconds), RATE)
    live = LiveInstrument(patch, RATE)
    live.note_on(60, 110, 0)
    before = heard(live, 24_000)
    live.damp(True)
    n = round(min(seconds, CHOKE_S) * RATE)
    sound = np.concatenate([before, heard(live, 24_000 + n + 960, 24_000)])
    levels = envelope_db(sound)
    fallen = levels[24_000 // 480 - 1] - levels[(24_000 + n) // 480]
    assert 57.0 < fallen < 75.0
    steps = np.abs(np.diff(sound, axis=0)).max(1)
    assert steps[23_900:24_100].max() <= 1.05 * steps[22_000:23_900].max()


def test_what_is_struck_under_a_hand_is_short_and_rings_again_when_it_goes(synth):
    patch = synth.live_patch(LONG.with_values(release_s=0.05), RATE)
    live = LiveInstrument(patch, RATE)
    live.damp(True)
    live.note_on(60, 100, 0)
    muted = heard(live, 9_600)
    assert np.abs(muted[:960]).max() > 0.02
    assert np.abs(muted[-480:]).max() < 0.003 * np.abs(muted).max()
    live.damp(False)
    live.note_on(60, 100, 9_600)
    free = heard(live, 19_200, 9_600)
    assert np.abs(free[-480:]).max() > 0.1 * np.abs(free).max()


def test_silence_takes_the_hands_away(synth):
    live = LiveInstrument(synth.live_patch(LONG, RATE), RATE)
    live.damp(True)
    live.touch((0.3, 0.3), 0.5, 60, Hand(), 0)
    live.all_off()
    live.render(4_800)
    live.note_on(60, 100, 4_800)
    sound = heard(live, 24_000, 4_800)
    assert np.abs(sound[-480:]).max() > 0.1 * np.abs(sound).max()


# -- contacts ----------------------------------------------------------------------------------------------------------


SILENT = ContactNoise(ImpactDecoder()(torch.tensor([METAL.unit()], dtype=torch.float64), 60, 100.0, 1.0), RATE)


def striker():
    velocity = np.maximum(np.arange(128.0), 1.0)
    return Striker(0.001 * (velocity / 100.0) ** -0.5, velocity / 127.0, 0.1, 4 * [SILENT])


def contacts(hand, seconds, move, force=0.7, lift_s=None):
    """Frames at which contacts begin, the whole force, and the speeds of the hand."""
    stream = ContactStream(hand, striker(), RATE)
    forces, speeds, begins = [], [], []
    for i in range(round(seconds * RATE / stream.step_frames)):
        now_s = i * stream.step_frames / RATE
        if lift_s is None or now_s < lift_s:
            stream.touch(*move(now_s), force)
        else:
            stream.lift()
        step = stream.advance()
        begins += [i * stream.step_frames + rough.frame for rough in step.rough]
        forces.append(step.force)
        speeds.append(stream.speed)
    return np.array(begins), np.concatenate(forces), np.array(speeds), stream


def back_and_forth(speed):
    """Along the object and back, so many objects a second."""
    return lambda s: (0.5 + 0.4 * (2.0 / math.pi) * math.asin(math.sin(speed * s * math.pi / 0.8)), 0.5)


def test_a_bounce_is_a_series_of_intervals_that_shrink_geometrically():
    hand = Hand("bounce", bounce=0.75)
    begins, force, _, stream = contacts(hand, 4.0, lambda s: (0.4, 0.4), lift_s=0.05)
    gaps = np.diff(begins) / RATE
    assert len(begins) >= 10
    assert gaps[0] == pytest.approx(0.08 + 0.42 * 0.7, abs=1e-3)
    assert gaps[1:8] / gaps[:7] == pytest.approx([0.75] * 7, abs=0.02)
    assert stream.ended
    peaks = [force[begin : begin + 200].max() for begin in begins[:8]]
    assert all(b < a for a, b in pairwise(peaks))


def test_a_roll_keeps_its_rate_while_the_hand_is_down_and_stops_with_it():
    begins, _, _, _ = contacts(Hand("roll", roll_hz=20.0), 3.0, lambda s: (0.4, 0.4), lift_s=2.0)
    assert 37 <= len(begins) <= 43
    gaps = np.diff(begins) / RATE
    assert gaps.mean() == pytest.approx(0.05, rel=0.05)
    assert gaps.std() > 0.0005, "no machine"
    assert begins.max() < 2.1 * RATE


def test_a_scrape_is_silent_while_the_hand_rests_and_denser_the_faster_it_goes():
    _, still, _, _ = contacts(Hand(), 0.5, lambda s: (0.4, 0.4))
    assert not still.any()
    counts = []
    for speed in (0.1, 0.4, 1.6):
        _, force, speeds, _ = contacts(Hand(seed=3), 1.0, back_and_forth(speed))
        assert np.median(speeds[20:]) == pytest.approx(speed, rel=0.1)
        counts.append(np.count_nonzero(np.diff(np.sign(np.diff(force))) < 0))
    assert counts[1] > 2.5 * counts[0]
    assert counts[2] > 2.0 * counts[1]


def test_a_stream_is_decided_by_its_seed():
    one, again, other = (contacts(Hand(seed=seed), 0.5, back_and_forth(1.0))[1] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


# -- how it sounds -----------------------------------------------------------------------------------------------------


def gesture(kind, speed=1.0, force=0.7, seconds=0.6, every_s=0.008, **hand):
    times = np.arange(0.0, seconds, every_s)
    move = back_and_forth(speed)
    touches = tuple(Touch(float(s), *move(s), force) for s in times)
    return Gesture(Hand(kind, **hand), (*touches, Touch(seconds, *move(seconds), 0.0)))


def played(patch, drawn, block_frames=None, longest_s=1.0):
    audio, _ = finished(play_gesture(patch, drawn, RATE, longest_s, block_frames))
    return audio.samples.astype(float)


@pytest.mark.parametrize("room", [0.0, 0.4])
@pytest.mark.parametrize("kind", GESTURES)
def test_a_gesture_sounds_the_same_in_blocks_of_any_length(kind, room):
    patch = METAL.with_values(room=room, contact_db=-12.0)
    drawn = gesture(kind)
    whole, small = played(patch, drawn, 48_000), played(patch, drawn, 97)
    assert whole.shape == small.shape
    assert np.abs(whole).max() > 0.01
    assert np.abs(whole - small).max() < 1e-4 * np.abs(whole).max()


def test_a_gesture_sounds_live_as_it_is_rendered(synth):
    drawn = gesture("scrape", seconds=0.4)
    rendered = played(LONG, drawn, longest_s=0.6)
    live = LiveInstrument(synth.live_patch(LONG, RATE), RATE)
    at, out = 0, np.zeros((round(0.6 * RATE), 2))
    for touch in drawn.touches:
        until = round(touch.seconds * RATE)
        for begin, sound in live.render(until):
            out[begin : begin + len(sound)] += sound
        at = until
        if touch.force:
            live.touch((touch.x, touch.y), touch.force, 60, drawn.hand, at)
        else:
            live.lift()
    for begin, sound in live.render(len(out)):
        out[begin : begin + len(sound)] += sound
    n = len(out) - 480  # its end is faded out
    assert np.abs(rendered[:, :n] - out[:n].T).max() < 1e-4 * np.abs(rendered).max()


def centroid_hz(sound):
    power = np.abs(np.fft.rfft(sound.mean(0))) ** 2
    return float((power * np.fft.rfftfreq(sound.shape[1], 1.0 / RATE)).sum() / power.sum())


@pytest.mark.parametrize("patch", [METAL, WOOD, METAL.with_values(striker_hardness=0.4)])
def test_a_faster_scrape_is_brighter_and_louder(patch):
    sounds = [played(patch, gesture("scrape", speed), longest_s=0.6) for speed in (0.15, 0.6, 2.4)]
    middles = [centroid_hz(sound) for sound in sounds]
    levels = [np.sqrt((sound**2).mean()) for sound in sounds]
    assert middles[0] < middles[1] < middles[2]
    assert levels[0] < levels[1] < levels[2]


def test_pressing_harder_is_louder():
    soft, hard = (played(METAL, gesture("scrape", force=force)) for force in (0.2, 0.8))
    assert 2.0 < np.sqrt((hard**2).mean() / (soft**2).mean()) < 8.0


@pytest.mark.parametrize("kind", ["roll", "bounce"])
@pytest.mark.parametrize("patch", [METAL, LONG, WOOD])
def test_every_gesture_is_as_loud_as_a_strike_is(synth, kind, patch):
    strike = np.abs(alone(synth.live_patch(patch, RATE), 60, 100, 24_000)).max()
    drawn = np.abs(played(patch, gesture(kind, force=0.8))).max()
    # Of what rings for long, a roll's strikes add up.
    assert 0.1 < drawn / strike < 6.0


@pytest.mark.parametrize("name", ["Thumb Tines", "Scraped Sheet", "Dropped Coin", "Stone Slab", "Gravel Crunch"])
def test_a_scrape_at_the_usual_speed_is_about_as_loud_as_a_strike_with_that_force(synth, name):
    patch = find_patch(name)
    live = synth.live_patch(patch, RATE)
    struck = roomed(live, live.strike(Key(60, round(velocity_of(FORCE))))).process(19_200, True)
    scraped = played(patch, gesture("scrape", USUAL_SPEED, FORCE), longest_s=0.6)[:, -19_200:]
    levels = [loudness_lufs(Audio(sound.astype(np.float32), RATE)) for sound in (struck, scraped)]
    assert abs(levels[1] - levels[0]) < 6.0


def test_each_strike_of_a_roll_has_another_noise_and_the_seed_says_which():
    def numbers(seed):
        stream = ContactStream(Hand("roll", roll_hz=60.0, seed=seed), striker(), RATE)
        stream.touch(0.4, 0.4, 0.7)
        return [rough.number for _ in range(200) for rough in stream.advance().rough]

    assert all(a != b for a, b in pairwise(numbers(1)))
    assert set(numbers(1)) == {0, 1, 2, 3}
    assert numbers(1) == numbers(1) != numbers(2)


def test_noises_of_a_contact_are_equally_loud_and_not_alike(synth):
    live = synth.live_patch(METAL.with_values(contact_db=-12.0, contact_s=0.2), RATE)
    stream = live.touch(Key(60, 100.0), Hand())[1]
    forces = np.stack([noise.piece(0, noise.size)[0] for noise in stream.striker.rough])
    levels = 10.0 * np.log10((forces**2).mean(1))
    assert np.ptp(levels) < 3.0
    assert np.abs(np.corrcoef(forces) - np.eye(len(forces))).max() < 0.2


def test_striking_a_key_adds_to_a_scrape_of_its_object_and_the_scrape_goes_on(synth):
    patch = synth.live_patch(METAL, RATE)

    def scraped(with_key):
        live = LiveInstrument(patch, RATE)
        out, move = np.zeros((36_000, 2)), back_and_forth(1.0)
        for at in range(0, 36_000, 480):
            live.touch(move(at / RATE), 0.6, 60, Hand(seed=5), at)
            if at == 12_000 and with_key:
                live.note_on(60, 100, at)
            for begin, sound in live.render(at + 480):
                out[begin : begin + len(sound)] += sound
        return out, live.n_sounding

    (plain, _), (both, n_sounding) = scraped(False), scraped(True)
    assert n_sounding == 2, "the key that goes up damps only its own strike"
    added = both - plain
    wanted = alone(patch, 60, 100, 24_000)
    assert not added[:12_000].any()
    assert np.abs(added[12_000:] - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_a_turned_knob_changes_what_a_hand_scrapes_without_stopping_it(synth):
    live = LiveInstrument(synth.live_patch(WOOD, RATE), RATE)
    move, sound = back_and_forth(1.0), []
    for at in range(0, 48_000, 480):
        live.touch(move(at / RATE), 0.6, 60, Hand(seed=5), at)
        if at == 24_000:
            live.set_patch(synth.live_patch(WOOD.with_values(size_m=0.15), RATE))
        sound.append(heard(live, at + 480, at))
    sound = np.concatenate(sound).T
    assert centroid_hz(sound[:, 26_000:]) > 1.5 * centroid_hz(sound[:, 2_000:24_000])
    steps = np.abs(np.diff(sound, axis=1)).max(0)
    assert steps[23_990:24_500].max() < 2.0 * steps.max() / 1.5


def test_fm_has_nothing_to_touch():
    from engine.synths.catalog import synth_of

    live = LiveInstrument(synth_of("fm").live_patch(Patch("fm"), RATE), RATE)
    assert live.touch((0.5, 0.5), 0.5, 60, Hand(), 0) is None
    live.damp(True)
    live.note_on(60, 100, 0)
    assert np.abs(heard(live, 4_800)).max() > 0.01


# -- values ------------------------------------------------------------------------------------------------------------


def test_a_gesture_is_kept_as_plain_data():
    drawn = gesture("roll", roll_hz=9.0, seed=4)
    assert Gesture.read(drawn.to_json()) == drawn


@pytest.mark.parametrize(
    "broken",
    [
        {"gesture": "stroke"},
        {"touches": [[0.0, 2.0, 0.0, 0.5]]},
        {"touches": [[0.0, 0.5]]},
        {"touches": [[1.0, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]},
        {"touches": [[float("nan"), 0.5, 0.5, 0.5]]},
        {"roll_hz": 0.0},
        {"seed": -1},
        {"note": "x"},
    ],
)
def test_what_is_no_gesture_is_refused_in_one_sentence(broken):
    with pytest.raises(BadUsage):
        Gesture.read({**gesture("scrape", seconds=0.02).to_json(), **broken})
