"""Keys, pedal and wheels become voices, and nothing clicks. The real instrument and the small one alike."""

import numpy as np
import pytest

from engine.fakes_live import live_patch
from engine.params import Patch
from engine.params.playing import GLIDES, PLAY_MODES, PlaySettings
from engine.params.vary import morph
from engine.project.presets import PRESET_FOLDER
from engine.synths.catalog import synth_of
from engine.synths.live import FADE_S, LiveInstrument

RATE = 48_000
FADE = round(FADE_S * RATE)
SINE = Patch("fm", {"mod_2_1_rad": 0.0, "op1_env2_db": 0.0, "op1_env3_db": 0.0, "op1_env4_s": 0.1, "op1_velocity": 0.0})
MONO = PlaySettings(play_mode=PLAY_MODES.index("mono"))


@pytest.fixture(params=["real", "fake"])
def ready(request):
    """Makes patches ready to be played."""
    if request.param == "fake":
        return lambda patch: live_patch(patch, RATE)
    return lambda patch: synth_of("fm").live_patch(patch, RATE)


def joined(blocks, n):
    out = np.zeros((n, 2))
    for first, sound in blocks:
        assert sound.dtype == np.float32
        out[first : first + len(sound)] += sound[: max(n - first, 0)]
    return out[:, 0]


def hz_of(sound):
    """The strongest partial."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size), 8 * sound.size))
    return float(np.argmax(spectrum)) * RATE / (8 * sound.size)


def note_hz(note):
    return 440.0 * 2.0 ** ((note - 69) / 12)


def splash_db(sound, at, highest_hz):
    """How much energy stands above ``highest_hz`` in 20 ms around a frame, in dB under all that is there."""
    part = sound[at - 480 : at + 480] * np.hanning(960)
    power = np.abs(np.fft.rfft(part)) ** 2
    hz = np.fft.rfftfreq(960, 1 / RATE)
    return 10.0 * np.log10(power[hz > highest_hz].sum() / power.sum() + 1e-20)


def test_a_key_sounds_at_its_pitch_from_the_frame_it_was_struck_for(ready):
    live = LiveInstrument(ready(SINE), RATE)
    live.note_on(69, 100, 1_000)
    sound = joined(live.render(25_000), 25_000)
    assert not sound[:1_000].any()
    assert np.abs(sound[1_000:1_200]).max() > 0.05
    assert hz_of(sound[3_000:]) == pytest.approx(440.0, abs=0.5)


def test_a_late_key_catches_up_with_voices_that_are_further(ready):
    live = LiveInstrument(ready(SINE), RATE)
    live.note_on(60, 100, 0)
    blocks = live.render(9_600)
    live.note_on(72, 100, 8_000)
    late = live.render(9_600)
    assert [first for first, _ in late] == [8_000]
    alone = LiveInstrument(ready(SINE), RATE)
    alone.note_on(60, 100, 0)
    other = LiveInstrument(ready(SINE), RATE)
    other.note_on(72, 100, 8_000)
    expected = joined(alone.render(14_400), 14_400) + joined(other.render(14_400), 14_400)
    found = joined([*blocks, *late, *live.render(14_400)], 14_400)
    assert np.abs(found - expected).max() < 1e-6


def test_the_same_calls_give_the_same_samples(ready):
    noisy = SINE.with_values(noise_db=-6.0, lfo_sync=0.0, vibrato_st=0.5, reverb=0.3)

    def played():
        live = LiveInstrument(ready(noisy), RATE)
        live.note_on(60, 100, 0)
        live.note_on(64, 90, 300)
        return joined(live.render(9_600), 9_600)

    assert np.array_equal(played(), played())


def test_a_key_that_goes_up_is_released_and_its_voice_ends(ready):
    live = LiveInstrument(ready(SINE), RATE)
    live.note_on(60, 100, 0)
    held = joined(live.render(4_800), 4_800)
    live.note_off(60)
    tail = joined(live.render(24_000), 24_000)
    assert np.abs(held[-480:]).max() > 0.3
    assert np.abs(tail[12_000:]).max() < 1e-4
    assert live.n_sounding == 0
    assert live.is_silent


def test_the_pedal_holds_what_is_let_go(ready):
    live = LiveInstrument(ready(SINE), RATE)
    live.note_on(60, 100, 0)
    live.pedal(True)
    live.note_off(60)
    assert np.abs(joined(live.render(24_000), 24_000)[-480:]).max() > 0.3
    live.pedal(False)
    live.render(48_000)
    assert live.n_sounding == 0


@pytest.mark.parametrize("share", [1.0, -1.0])
def test_the_pitch_wheel_bends_by_its_range(ready, share):
    live = LiveInstrument(ready(SINE), RATE, PlaySettings(bend_range_st=3))
    live.note_on(69, 100, 0)
    live.render(480)
    live.bend(share)
    sound = joined(live.render(24_000), 24_000)
    assert hz_of(sound[2_400:]) == pytest.approx(note_hz(69 + 3 * share), abs=0.5)


def test_the_modulation_wheel_adds_vibrato(ready):
    live = LiveInstrument(ready(SINE), RATE, PlaySettings(wheel_st=2.0))
    live.note_on(69, 100, 0)
    still = joined(live.render(24_000), 24_000)
    live.wheel(1.0)
    moving = joined(live.render(48_000), 48_000)[24_000:]

    def spread(sound):
        crossings = np.flatnonzero(np.diff(np.signbit(sound)))
        return np.ptp(np.diff(crossings[5:]))

    assert spread(still) <= 1
    assert spread(moving) > 5


def test_a_voice_that_is_stolen_makes_no_click(ready):
    live = LiveInstrument(ready(SINE), RATE, PlaySettings(n_voices=1))
    live.note_on(45, 100, 0)
    blocks = live.render(9_600)
    live.note_on(52, 100, 9_600)
    blocks += live.render(24_000)
    sound = joined(blocks, 24_000)
    assert hz_of(sound[12_000:]) == pytest.approx(note_hz(52), abs=0.5)
    assert live.n_sounding == 1
    # The steepest step of two sines of these pitches; a cut would jump by up to the amplitude.
    steepest = 0.5 * 2 * np.pi * (note_hz(45) + note_hz(52)) / RATE
    assert np.abs(np.diff(sound)).max() < 1.5 * steepest
    assert splash_db(sound, 9_600 + FADE // 2, 4_000.0) < -60.0


def test_the_quietest_released_voice_goes_first(ready):
    live = LiveInstrument(ready(SINE.with_values(op1_env4_s=2.0, op1_velocity=1.0)), RATE, PlaySettings(n_voices=3))
    for note, velocity in ((40, 127), (50, 100), (60, 60)):
        live.note_on(note, velocity, 0)
    live.render(4_800)
    live.note_off(40)
    live.note_off(50)
    live.render(9_600)
    live.note_on(70, 100, 9_600)
    live.render(14_400)
    sound = joined(live.render(24_000), 24_000)[15_000:]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))

    def level(note):
        return spectrum[round(note_hz(note) * sound.size / RATE)]

    assert live.n_sounding == 3
    assert level(50) < 0.01 * level(40)
    assert level(60) > 0.1 * level(40)


def test_more_keys_than_voices_stay_within_their_number(ready):
    live = LiveInstrument(ready(SINE), RATE)
    for i in range(40):
        live.note_on(30 + i, 100, i * 600)
        live.render(i * 600 + 600)
    assert live.n_sounding == 16


def test_all_off_is_silence_after_a_short_fade(ready):
    live = LiveInstrument(ready(SINE.with_values(reverb=0.5)), RATE)
    for note in (60, 64, 67):
        live.note_on(note, 100, 0)
    live.render(9_600)
    live.all_off()
    sound = joined(live.render(24_000), 24_000)
    assert live.is_silent
    assert np.abs(sound[9_600 : 9_600 + 100]).max() > 0.1
    assert not sound[9_600 + 2_400 :].any()


def test_mono_slides_from_key_to_key_and_back_in_one_voice(ready):
    live = LiveInstrument(ready(SINE), RATE, MONO)
    live.note_on(57, 100, 0)
    blocks = live.render(9_600)
    live.note_on(64, 100, 9_600)
    blocks += live.render(19_200)
    assert live.n_sounding == 1
    live.note_off(64)
    blocks += live.render(28_800)
    sound = joined(blocks, 28_800)
    for begin, note in ((1_000, 57), (10_600, 64), (20_200, 57)):
        assert hz_of(sound[begin : begin + 8_000]) == pytest.approx(note_hz(note), abs=1.0)
    for seam in (9_600, 19_200):
        assert splash_db(sound, seam, 5_000.0) < -50.0
        assert np.abs(sound[seam : seam + 480]).max() > 0.3, "no new attack"


def test_mono_without_legato_strikes_again(ready):
    slow = SINE.with_values(op1_env1_s=0.05)
    live = LiveInstrument(ready(slow), RATE, MONO.replaced("legato", 0))
    live.note_on(57, 100, 0)
    blocks = live.render(9_600)
    live.note_on(64, 100, 9_600)
    sound = joined(blocks + live.render(19_200), 19_200)
    assert np.abs(sound[9_600 + FADE : 9_600 + FADE + 240]).max() < 0.9 * np.abs(sound[-2_400:]).max()


@pytest.mark.parametrize("when", GLIDES)
def test_glide_takes_its_time(ready, when):
    settings = PlaySettings(glide_s=0.4, glide_when=GLIDES.index(when))
    live = LiveInstrument(ready(SINE), RATE, settings)
    live.note_on(57, 100, 0)
    live.render(4_800)
    live.note_off(57)
    live.render(24_000)
    live.note_on(69, 100, 24_000)
    sound = joined(live.render(57_600), 57_600)
    halfway = hz_of(sound[24_000 + 8_640 : 24_000 + 10_560])
    assert halfway == pytest.approx(note_hz(63 if when == "always" else 69), rel=0.02)
    assert hz_of(sound[48_000:]) == pytest.approx(440.0, abs=0.5)


def test_a_turned_knob_changes_held_notes_without_a_click(ready):
    live = LiveInstrument(ready(SINE), RATE)
    live.note_on(45, 100, 0)
    blocks, at = live.render(9_600), 9_600
    for turn in range(20):
        live.set_patch(ready(SINE.with_values(op1_out_db=-1.0 * turn, op3_out_db=-40.0 + turn, op3_ratio=2.0)))
        at += 480
        blocks += live.render(at)
    sound = joined(blocks + live.render(at + 9_600), at + 9_600)
    loud, soft = np.abs(sound[4_800:9_600]).max(), np.abs(sound[-4_800:]).max()
    assert soft < 0.3 * loud
    for seam in range(9_600, at, 480):
        assert splash_db(sound, seam + 120, 4_000.0) < -50.0


def test_an_lfo_that_is_turned_under_a_held_key_goes_on_where_it_is():
    slow = Patch("fm", {"mod_2_1_rad": 0.0, "op1_env2_db": 0.0, "op1_env3_db": 0.0, "op1_tremolo": 1.0})
    slow = slow.with_values(tremolo_db=18.0, lfo_hz=4.0, lfo_delay_s=0.001, lfo_fade_s=0.001)
    fast = slow.with_values(lfo_hz=6.0)

    def steepest_db(patches, seconds):
        """The greatest change of the envelope in 5 ms after some seconds, while the patches follow each other."""
        live, at = LiveInstrument(synth_of("fm").live_patch(patches[0], RATE), RATE), seconds * RATE
        live.note_on(69, 100, 0)
        live.render(at - 480)
        blocks = live.render(at)
        for patch in patches:
            live.set_patch(synth_of("fm").live_patch(patch, RATE))
            at += 480
            blocks += live.render(at)
        sound = joined([(first - (seconds * RATE - 480), part) for first, part in blocks], len(patches) * 480)
        tops = np.abs(sound[: sound.size // 240 * 240]).reshape(-1, 240).max(1)
        return float(np.abs(np.diff(20.0 * np.log10(tops))).max())

    by_itself = steepest_db([fast] * 60, 1)
    turned = steepest_db([morph(slow, fast, share) for share in np.linspace(0.0, 1.0, 60)], 8)
    assert turned < 1.1 * by_itself


@pytest.mark.parametrize(("one", "other"), [("celesta", "dark-twin"), ("pipe-organ", "growl")])
@pytest.mark.parametrize("n_steps", [3, 12, 60])
def test_a_held_note_goes_from_one_patch_to_quite_another_without_a_click(one, other, n_steps):
    ends = [Patch.loads((PRESET_FOLDER / "fm" / f"{name}.json").read_text(encoding="utf-8")) for name in (one, other)]
    shares = np.linspace(0.0, 1.0, n_steps)

    def held(shares):
        live = LiveInstrument(synth_of("fm").live_patch(morph(*ends, shares[0]), RATE), RATE)
        live.note_on(57, 100, 0)
        blocks, at = live.render(RATE // 2), RATE // 2
        for share in shares[1:]:
            live.set_patch(synth_of("fm").live_patch(morph(*ends, share), RATE))
            at += 800
            blocks += live.render(at)
        return joined(blocks + live.render(at + RATE // 4), at + RATE // 4)[RATE // 2 - 800 :]

    def highs(sound):
        """The strongest 5 ms above 6 kHz."""
        spectrum = np.fft.rfft(sound)
        spectrum[np.fft.rfftfreq(sound.size, 1 / RATE) < 6_000.0] = 0.0
        high = np.fft.irfft(spectrum, sound.size)[480:-480]
        return np.sqrt((high[: high.size // 240 * 240].reshape(-1, 240) ** 2).mean(1)).max()

    rest = [held([share]) for share in (0.0, 0.25, 0.49, 0.51, 0.75, 1.0)]
    sound = held(shares)
    assert np.abs(sound).max() > 0.02
    # A click is a step from one sample to the next, or a corner, that is in none of the sounds on the way.
    for order in (1, 2):
        steepest = max(np.abs(np.diff(part, order)).max() for part in rest)
        assert np.abs(np.diff(sound, order)).max() < 1.35 * steepest
    # Nor does anything splash up above what they hold.
    assert highs(sound) < 2.0 * max(highs(part) for part in rest)


def test_frames_that_the_device_has_passed_are_not_rendered(ready):
    live = LiveInstrument(ready(SINE), RATE)
    live.note_on(60, 100, 0)
    live.render(1_000)
    live.leap(40_000)
    blocks = live.render(41_000)
    assert [first for first, _ in blocks] == [40_000]


def test_voices_share_one_room_that_is_each_ones_own():
    """The room is linear: what two notes sound like in it together is the sum of each alone."""
    patch = synth_of("fm").live_patch(SINE.with_values(reverb=0.5, op1_env4_s=0.01, mod_2_1_rad=2.0), RATE)

    def played(*notes):
        live, blocks = LiveInstrument(patch, RATE), []
        for note, at in notes:
            # The second one is struck for a frame that the room has already answered.
            live.note_on(note, 100, at)
            blocks += live.render(4_800)
        for note, _ in notes:
            live.note_off(note)
        return joined(blocks + live.render(48_000), 48_000)

    one, two = (60, 0), (67, 4_000)
    assert np.abs(played(one)[-4_800:]).max() > 1e-4
    assert np.abs(played(one, two) - played(one) - played(two)).max() < 1e-6


POLY, STRIKES = PlaySettings(), PlaySettings(play_mode=PLAY_MODES.index("mono"), legato=0)


@pytest.mark.parametrize("way_out", [(60, 64), (64, 60)])
@pytest.mark.parametrize("before", [POLY, MONO, STRIKES])
@pytest.mark.parametrize("after", [POLY, MONO, STRIKES])
@pytest.mark.parametrize("pedal", [False, True])
def test_no_key_sounds_on_after_the_mode_was_switched_under_the_hand(ready, before, after, pedal, way_out):
    live = LiveInstrument(ready(SINE), RATE, before)
    live.pedal(pedal)
    for i, note in enumerate((60, 64)):
        live.note_on(note, 100, 4_800 * i)
        live.render(4_800 * (i + 1))
    live.set_settings(after)
    live.render(12_000)
    for i, note in enumerate(way_out):
        live.note_off(note)
        live.render(16_000 + 4_000 * i)
        assert i == 1 or live.n_sounding > 0, "one key is still down"
    live.pedal(False)
    sound = joined(live.render(72_000), 72_000)
    assert live.n_sounding == 0
    assert np.abs(sound[-24_000:]).max() < 1e-4


def test_a_chord_becomes_its_newest_key_in_mono_and_goes_back_from_there(ready):
    live = LiveInstrument(ready(SINE), RATE)
    for note in (60, 64, 69):
        live.note_on(note, 100, 0)
    live.render(9_600)
    live.set_settings(MONO)
    live.render(24_000)
    alone = joined(live.render(48_000), 48_000)[24_000:]
    assert hz_of(alone) == pytest.approx(440.0, abs=0.5)
    assert live.n_sounding == 1
    live.note_off(60)
    live.note_off(69)
    live.render(50_000)
    back = joined(live.render(74_000), 74_000)[50_000:]
    assert hz_of(back) == pytest.approx(note_hz(64), abs=0.5)
