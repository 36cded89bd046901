"""The studio: what is asked of it arrives, on the right thread, and nothing is left behind. Real and fake alike."""

import math
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from engine.audio import loudness_lufs, open_clip, write_clip
from engine.audio.tiles import SpectrogramSettings, Tile, TileRequest
from engine.audio.values import Audio, Clip
from engine.errors import AudioExists, AudioUnreadable, AudioUnwritable, BadUsage, EngineError, PatchError
from engine.inline import render_inline
from engine.jobs import TERMINAL
from engine.params import Patch
from engine.params.fm import LEVEL_FLOOR_DB
from engine.params.note import LENGTH, NOTE_PARAMS
from engine.rates import MAX_RATE_HZ, MIN_RATE_HZ
from engine.studio import Rendered, Studio
from engine.torch_setup import load_torch

RATE = 48_000


class Heard:
    """Keeps every event and waits for the end of a job."""

    def __init__(self):
        self.events = []
        self._changed = threading.Condition()

    def __call__(self, event):
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, job):
        with self._changed:
            return [e for e in self.events if e.job == job]

    def end_of(self, job, timeout_s=30.0):
        def ended():
            return [e for e in self.events if e.job == job and e.kind in TERMINAL]

        with self._changed:
            assert self._changed.wait_for(ended, timeout_s), f"job {job} did not end"
            return ended()[0]

    def wait_for(self, job, kind, timeout_s=30.0):
        with self._changed:
            told = self._changed.wait_for(lambda: any((e.job, e.kind) == (job, kind) for e in self.events), timeout_s)
        assert told, f"job {job} told of no {kind}"

    def result_of(self, job):
        end = self.end_of(job)
        assert end.kind == "done", end
        return end.payload


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture(params=["real", "fake"])
def studio(request, heard):
    if request.param == "real":
        load_torch()
    studio = Studio(heard, kind=request.param)
    yield studio
    assert studio.close()


def spectrum_peak_hz(audio):
    x = audio.samples[0] * np.hanning(audio.n_frames)
    return float(np.argmax(np.abs(np.fft.rfft(x))) * audio.sample_rate / audio.n_frames)


def test_a_patch_becomes_a_sound_with_everything_that_made_it(studio, heard):
    patch = Patch("fm", name="Try")
    job = studio.render(patch, note=69, velocity=90, hold_s=0.3, duration_s=0.5, sample_rate=44_100)
    rendered = heard.result_of(job)
    assert isinstance(rendered, Rendered)
    assert (rendered.patch, rendered.note, rendered.velocity) == (patch, 69, 90)
    assert (rendered.hold_s, rendered.duration_s) == (0.3, 0.5)
    assert rendered.audio.samples.shape == (1, 22_050)
    assert rendered.audio.samples.dtype == np.float32
    assert rendered.audio.sample_rate == 44_100
    assert 0.05 < rendered.audio.peak < 1.0
    assert spectrum_peak_hz(rendered.audio) == pytest.approx(440.0, abs=3.0)
    fractions = [e.payload.fraction for e in heard.of(job) if e.kind == "note"]
    assert fractions == sorted(fractions)


def test_the_same_patch_sounds_the_same_twice(studio, heard):
    one, two = (heard.result_of(studio.render(Patch("fm"), duration_s=0.3)).audio.samples for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"op1_ratio": 2.0}, 880.0), ({"transpose_st": -12.0}, 220.0), ({"op1_detune_cents": 0.0}, 440.0)],
)
def test_pitch_knobs_move_the_pitch(studio, heard, changes, expected):
    patch = Patch("fm", {"mod_2_1_rad": 0.0, **changes})
    audio = heard.result_of(studio.render(patch, note=69, duration_s=0.5)).audio
    assert spectrum_peak_hz(audio) == pytest.approx(expected, abs=3.0)


def test_level_knobs_and_the_key_move_the_level(studio, heard):
    def rms(patch, **note):
        return float(np.sqrt(np.mean(heard.result_of(studio.render(patch, duration_s=0.3, **note)).audio.samples ** 2)))

    plain = rms(Patch("fm"))
    assert rms(Patch("fm", {"gain_db": -12.0})) == pytest.approx(plain * 10.0 ** (-6.0 / 20.0), rel=0.01)
    assert rms(Patch("fm"), velocity=20) < 0.5 * plain
    assert rms(Patch("fm", {"op1_out_db": LEVEL_FLOOR_DB})) == 0.0


def test_the_sound_dies_after_the_key_goes_up_and_ends_without_a_click(studio, heard):
    patch = Patch("fm", {"op1_env4_s": 0.1})
    sound = heard.result_of(studio.render(patch, hold_s=0.2, duration_s=0.6)).audio.samples[0]
    assert np.abs(sound[: round(0.2 * RATE)]).max() > 0.1
    assert np.abs(sound[round(0.31 * RATE) :]).max() < 1e-5, "only what the DC blocker still forgets"
    cut = heard.result_of(studio.render(Patch("fm"), hold_s=1.0, duration_s=0.2)).audio.samples[0]
    assert abs(cut[-1]) < 1e-3
    assert abs(cut[0]) < 1e-3


def test_the_sound_reaches_the_player_on_the_engine_thread_before_the_event(studio, heard):
    seen = []

    def on_audio(audio):
        seen.append((threading.current_thread().name, audio, [e.kind for e in heard.events]))

    job = studio.render(Patch("fm"), duration_s=0.2, on_audio=on_audio)
    rendered = heard.result_of(job)
    ((thread, audio, kinds),) = seen
    assert thread == "engine-live"
    assert audio is rendered.audio
    assert "done" not in kinds


def test_a_newer_render_replaces_the_older_ones(studio, heard):
    holding, go = threading.Event(), threading.Event()

    def hold(audio):
        holding.set()
        assert go.wait(10.0)

    first = studio.render(Patch("fm"), duration_s=0.2, on_audio=hold, key="other")
    assert holding.wait(10.0)
    jobs = [studio.render(Patch("fm", {"gain_db": -float(i)}), duration_s=0.2) for i in range(1, 6)]
    go.set()
    assert heard.result_of(jobs[-1]).patch.values["gain_db"] == -5.0
    assert [heard.end_of(j).kind for j in jobs[:-1]] == ["cancelled"] * 4
    assert heard.end_of(first).kind == "done"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"note": 128}, "no note 128"),
        ({"velocity": 0}, "no velocity 0"),
        ({"hold_s": -1.0}, "held for -1 s"),
        ({"hold_s": float("nan")}, "held for nan s"),
        ({"duration_s": 0.0}, "cannot last 0 s"),
        ({"duration_s": 1e6}, "0.01 to 600 s"),
        ({"sample_rate": 7999}, "8000 to 192000"),
        ({"sample_rate": 384_000}, "8000 to 192000"),
    ],
)
def test_a_note_that_makes_no_sense_is_refused_at_the_door(studio, request_, words):
    with pytest.raises(BadUsage, match=words):
        studio.render(Patch("fm"), **request_)
    with pytest.raises(BadUsage, match=words):
        render_inline(Patch("fm"), kind=studio.kind, **request_)


@pytest.mark.parametrize("param", NOTE_PARAMS, ids=lambda param: param.name)
def test_what_a_panel_offers_of_a_note_is_what_the_engine_plays(param):
    # A sound of the greatest length takes seconds; the door alone is asked, with a sound that is short otherwise.
    short = {"duration_s": 0.02} if param is not LENGTH else {}
    for value in (param.low, param.default if param is LENGTH else param.high):
        assert render_inline(Patch("fm"), kind="fake", **{**short, param.name: value}).n_frames > 0
    for value in (param.low - 0.001, param.high * 1.001):
        with pytest.raises(BadUsage):
            render_inline(Patch("fm"), kind="fake", **{**short, param.name: value})


def test_every_rate_that_a_file_can_have_can_be_rendered_and_no_other():
    for rate in (MIN_RATE_HZ, MAX_RATE_HZ):
        assert render_inline(Patch("fm"), kind="fake", duration_s=0.02, sample_rate=rate).sample_rate == rate
    for rate in (MIN_RATE_HZ - 1, MAX_RATE_HZ + 1):
        with pytest.raises(BadUsage, match="8000 to 192000"):
            render_inline(Patch("fm"), kind="fake", duration_s=0.02, sample_rate=rate)


def test_a_sound_that_is_no_number_becomes_a_sentence(studio, heard, monkeypatch):
    def broken(patch, **note):
        yield 0.5
        return Audio(np.array([0.0, np.nan], dtype=np.float32), RATE)

    monkeypatch.setattr(studio, "_play", broken)
    end = heard.end_of(studio.render(Patch("fm", name="Odd"), on_audio=lambda audio: pytest.fail("it was played")))
    assert end.kind == "failed"
    assert isinstance(end.payload, EngineError)
    assert "'Odd'" in str(end.payload)


def test_warming_up_ends_with_nothing_and_without_a_sound(studio, heard):
    assert heard.result_of(studio.warm()) is None


def test_what_a_person_asks_for_does_not_wait_for_the_keys_to_be_compiled(heard, monkeypatch, tmp_path):
    through = threading.Event()
    monkeypatch.setattr("engine.playing_ready.prepare", lambda kind: through.wait(60.0))
    studio = Studio(heard, kind="fake")
    try:
        keys = studio.warm_keys()
        heard.wait_for(keys, "note")
        tone = Audio(0.5 * np.sin(np.arange(RATE // 2) * 0.05).astype(np.float32)[None], RATE)
        match = studio.match(Clip.of(tone, "Tone"), seconds=0.5)
        assert heard.end_of(match).kind == "done"
        assert not [event for event in heard.of(keys) if event.kind in TERMINAL], "it is compiled still"
        through.set()
        assert heard.result_of(keys) is None
    finally:
        through.set()
        assert studio.close()


def test_keys_that_cannot_be_prepared_are_an_error_of_the_job(heard, monkeypatch):
    def broken(kind):
        raise OSError("no room")

    monkeypatch.setattr("engine.playing_ready.prepare", broken)
    studio = Studio(heard, kind="fake")
    end = heard.end_of(studio.warm_keys())
    assert (end.kind, str(end.payload)) == ("failed", "no room")
    assert studio.close()


def test_a_long_note_can_be_cancelled(studio, heard):
    job = studio.render(Patch("fm"), duration_s=600.0, hold_s=600.0)
    assert studio.cancel(job)
    assert heard.end_of(job).kind == "cancelled"
    assert not studio.cancel(job)


def test_a_sound_is_written_opened_and_looked_at(studio, heard, tmp_path):
    audio = heard.result_of(studio.render(Patch("fm"), duration_s=1.0)).audio
    path = tmp_path / "one.wav"
    job = studio.export(Clip.of(audio, "one"), path, subtype="FLOAT")
    assert heard.result_of(job) == path
    assert heard.of(job)[-2].payload.fraction == 1.0
    clip = heard.result_of(studio.open(path))
    assert np.array_equal(clip.read(0, clip.n_frames).samples, audio.samples)

    pyramid = heard.result_of(studio.overview(clip))
    assert pyramid.complete
    job = studio.tiles(clip, TileRequest(SpectrogramSettings(), 0, (0,)))
    assert heard.result_of(job) is None
    pieces = [e.payload.preview for e in heard.of(job) if e.kind == "note" and e.payload.preview is not None]
    assert [p.index for p in pieces] == [0]
    assert all(isinstance(p, Tile) for p in pieces)
    clip.source.close()


def test_what_exists_is_not_overwritten_unasked(studio, heard, tmp_path):
    path = tmp_path / "one.wav"
    path.write_bytes(b"dear")
    clip = Clip.of(Audio(np.zeros((1, 100)), RATE), "none")
    assert isinstance(heard.end_of(studio.export(clip, path)).payload, AudioExists)
    assert path.read_bytes() == b"dear"
    assert heard.result_of(studio.export(clip, path, overwrite=True)) == path


def test_a_file_that_is_played_from_is_never_written_over(studio, heard, tmp_path):
    source = write_clip(Audio(np.full((1, 1000), 0.25), RATE), tmp_path / "bell.wav")
    link = tmp_path / "other name.wav"
    link.hardlink_to(source)
    before = source.read_bytes()
    part = open_clip(source).part(100, 200)
    for target in (source, link):
        job = studio.export(part, target, overwrite=True, keep=[tmp_path / "gone.wav", source])
        error = heard.end_of(job).payload
        assert isinstance(error, AudioUnwritable)
        assert str(error).startswith(f"{target.name} is not written: an open take plays from that very file.")
    assert source.read_bytes() == before
    assert heard.result_of(studio.export(part, tmp_path / "new.wav", keep=[source])) == tmp_path / "new.wav"


def test_a_clipped_export_says_so_in_its_last_note(studio, heard, tmp_path):
    clip = Clip.of(Audio(np.full((1, 100), 1.5), RATE), "loud")
    job = studio.export(clip, tmp_path / "loud.wav", subtype="PCM_16")
    heard.result_of(job)
    notes = [e.payload for e in heard.of(job) if e.kind == "note"]
    assert "clipped" in notes[-1].text


def test_a_missing_file_fails_with_its_name(studio, heard, tmp_path):
    end = heard.end_of(studio.open(tmp_path / "gone.wav"))
    assert end.kind == "failed"
    assert isinstance(end.payload, AudioUnreadable)
    assert "gone.wav" in str(end.payload)


def test_inline_and_in_the_background_are_one_sound(studio, heard):
    patch = Patch("fm", {"mod_2_1_rad": 3.0})
    settings = {"note": 50, "velocity": 80, "hold_s": 0.2, "duration_s": 1.7}
    inline = render_inline(patch, kind=studio.kind, **settings)
    job = studio.render(patch, **settings)
    assert np.array_equal(heard.result_of(job).audio.samples, inline.samples)


def test_an_unknown_engine_is_refused():
    with pytest.raises(BadUsage, match="no engine called 'none'"):
        Studio(kind="none")
    with pytest.raises(BadUsage, match="no engine called 'none'"):
        render_inline(Patch("fm"), kind="none")


def test_the_fake_plays_only_what_it_knows(monkeypatch):
    from engine.params import SPACES, Param, ParamSpace

    monkeypatch.setitem(SPACES, "other", ParamSpace("other", (Param("level", 0.0, 1.0, 0.5),)))
    with pytest.raises(PatchError, match="'other'"):
        render_inline(Patch("other"), kind="fake")
    with pytest.raises(PatchError, match="no synth called 'other'"):
        render_inline(Patch("other"))


APART = """
import sys, threading
from engine.params import Patch
from engine.studio import Studio
ends, all_there = {}, threading.Event()
def listen(event):
    if event.kind in ("done", "failed", "cancelled"):
        ends[event.job] = (event.kind, event.runner)
        if len(ends) == expected: all_there.set()
"""


def _apart(code):
    done = subprocess.run([sys.executable, "-c", APART + code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_fake_engine_works_without_torch():
    out = _apart("""
expected = 2
studio = Studio(listen, kind="fake")
studio.warm(); studio.render(Patch("fm"))
assert all_there.wait(30) and studio.close()
print(sorted(k for k, _ in ends.values()), "torch" in sys.modules)
""")
    assert out == ["['done',", "'done']", "False"]


def test_a_render_before_torch_is_there_keeps_nobody_waiting_on_the_live_runner():
    out = _apart("""
expected = 4
studio = Studio(listen)
assert "torch" not in sys.modules
warm = studio.warm()
old = studio.render(Patch("fm"))
early = studio.render(Patch("fm"))
other = studio.render(Patch("fm"), key="other")
assert all_there.wait(50)
print(*(ends[j][0] + "-" + ends[j][1] for j in (warm, old, early, other)))
expected = 5
all_there.clear()
late = studio.render(Patch("fm"))
assert all_there.wait(30) and studio.close()
print(ends[late][1])
""")
    assert out == ["done-work", "cancelled-work", "done-work", "done-work", "live"]


SHORT = {"note": 60, "velocity": 100, "hold_s": 0.3, "duration_s": 0.5, "sample_rate": 48_000}


def test_the_level_of_a_patch_is_that_of_its_sound(studio, heard):
    patch = Patch("fm", {"gain_db": -10.0})
    level = heard.result_of(studio.trials.measure(patch, **SHORT))
    audio = heard.result_of(studio.render(patch, **SHORT)).audio
    assert level.lufs == pytest.approx(loudness_lufs(audio), abs=0.01)
    assert level.peak_db == pytest.approx(20 * math.log10(audio.peak), abs=0.01)


def test_the_first_patch_that_can_be_played_is_taken(studio, heard):
    asked = []
    silent, loud = Patch("fm", {"op1_level_db": -72.0}), Patch("fm", {f"op{n}_out_db": 0.0 for n in range(1, 7)})
    loud = loud.with_values(gain_db=12.0)

    def candidates(*patches):
        for patch in patches:
            asked.append(patch)
            yield patch

    fine = Patch("fm", {"gain_db": -9.0})
    assert heard.result_of(studio.trials.first_good(candidates(silent, loud, fine, Patch("fm")), **SHORT)) == fine
    assert asked == [silent, loud, fine], "those after it are not even made"
    assert heard.result_of(studio.trials.first_good(candidates(silent, loud, silent), **SHORT)) == loud, (
        "rather loud than mute"
    )
    assert heard.result_of(studio.trials.first_good(candidates(), **SHORT)) is None


def test_what_does_not_end_is_waited_for_once_and_not_by_each_thread(monkeypatch):
    studio, waited = Studio(None, kind="fake"), []

    class Stuck:
        """A thread that compiles."""

        def close(self, timeout_s):
            waited.append(timeout_s)
            time.sleep(timeout_s)
            return False

        def cancel_all(self):
            pass

    real = [studio.instrument, studio.live, studio.work]
    studio.instrument, studio.live, studio.work = Stuck(), Stuck(), Stuck()
    assert not studio.close(0.2)
    assert len(waited) == 3
    assert sum(waited) < 0.21
    for part in real:
        assert part.close()
