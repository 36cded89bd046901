"""The pages of the FM panel that belong to the whole voice: pitch, LFO, noise, filter and output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtWidgets import QWidget

from app.controls.choice import choice_control
from app.controls.choice_pictures import draw_lfo_wave
from app.controls.param_form import ParamForm
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.panels.fm_page import N_STAGES, EnvelopePage
from app.panels.fm_state import is_on, number
from app.panels.page import narrow_knob
from app.theme import GRID, series_colour, tokens
from engine.params import FM_SPACE, Param, Values
from engine.params.fm import N_OPERATORS

SECTIONS: dict[str, tuple[str, ...]] = {
    "Pitch": ("Pitch envelope",),
    "LFO": ("LFO",),
    "Noise": ("Noise",),
    "Filter": ("Filter",),
    "Output": ("Output", "Reverb", "Response"),
}
"""The pages in their order, and the sections of parameters on each."""


class SectionPage(EnvelopePage):
    """One page of :data:`SECTIONS`."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.envelope_step = f"{name} envelope"
        self._is_quiet = False
        _BUILD[name](self)
        self._end_column()
        self.recolour()

    def set_values(self, values: Values) -> None:
        super().set_values(values)
        silent = without_effect(values)
        for name, control in self.controls.items():
            control.set_quiet(name in silent)
        if self.envelope is not None and self.fields is not None:
            self._is_quiet = set(self.fields.knobs) <= silent
            self._colour_envelope()

    def _colour_envelope(self) -> None:
        if self.envelope is not None:
            self.envelope.set_colour(tokens().disabled if self._is_quiet else None)

    def recolour(self) -> None:
        self._colour_envelope()
        for n in range(1, N_OPERATORS + 1):
            if control := self.controls.get(f"op{n}_tremolo"):
                control.set_colour(series_colour(n))

    # The pages

    def _build_pitch(self) -> None:
        self._add_row(["pitch_env_clock"], stretch=(1, 2))
        self._add_stages("pitch_env{}_s", "pitch_env{}_st")

    def _build_lfo(self) -> None:
        self._add_row(["lfo_wave", "lfo_sync"], stretch=(5, 1))
        self._add_knobs("lfo_hz", "lfo_delay_s", "lfo_fade_s", "vibrato_st", "tremolo_db")
        shares = [FM_SPACE[f"op{n}_tremolo"] for n in range(1, N_OPERATORS + 1)]
        self._add_form(ParamForm(shares, columns=N_OPERATORS, spacing=GRID, make=_tremolo_field))

    def _build_noise(self) -> None:
        self._add_knobs("noise_db", "noise_hz", "noise_q")
        self._add_stages("noise_env{}_s", "noise_env{}_db")

    def _build_filter(self) -> None:
        self._bare_row = self._add_row(["filter_type"])
        self._add_knobs("filter_hz", "filter_q", "filter_key", "filter_env_st")
        self._add_stages("filter_env{}_s", "filter_env{}")

    def _build_output(self) -> None:
        self._add_knobs("drive_db", "pan", "spread", "reverb", "reverb_s", "reverb_damping")
        self._add_row(["velocity_curve"], stretch=(1, 2))

    # Rows

    def _add_knobs(self, *names: str) -> None:
        self._add_form(
            ParamForm([FM_SPACE[n] for n in names], columns=max(len(names), 4), spacing=GRID, make=narrow_knob)
        )

    def _add_row(self, names: Iterable[str], stretch: tuple[int, ...] = (1,)) -> ParamForm:
        form = ParamForm([FM_SPACE[n] for n in names], columns=len(stretch), make=_choice)
        form.set_column_stretch(*stretch)
        return self._add_form(form)

    def _add_stages(self, times: str, levels: str) -> None:
        stages = range(1, N_STAGES + 1)
        self._add_envelope([FM_SPACE[times.format(n)] for n in stages], [FM_SPACE[levels.format(n)] for n in stages])


_BUILD: dict[str, Callable[[SectionPage], None]] = {
    "Pitch": SectionPage._build_pitch,
    "LFO": SectionPage._build_lfo,
    "Noise": SectionPage._build_noise,
    "Filter": SectionPage._build_filter,
    "Output": SectionPage._build_output,
}


def sections_at_work(values: Values) -> frozenset[str]:
    """The pages whose sections change the sound."""
    on = partial(is_on, values)
    shares = any(on(f"op{n}_tremolo") for n in range(1, N_OPERATORS + 1))
    found = {
        "Pitch": any(number(values, f"pitch_env{n}_st") for n in range(1, N_STAGES + 1)),
        "LFO": on("vibrato_st") or (on("tremolo_db") and shares),
        "Noise": on("noise_db"),
        "Filter": on("filter_type"),
        "Output": any(number(values, name) for name in ("drive_db", "pan", "spread", "reverb")),
    }
    return frozenset(name for name, at_work in found.items() if at_work)


def without_effect(values: Values) -> frozenset[str]:
    """Storage names of the values on these pages that change nothing as long as something else stays off."""
    on = partial(is_on, values)
    tremolo = on("tremolo_db")
    silent: set[str] = set()
    if not on("noise_db"):
        silent |= _names("Noise") - {"noise_db"}
    if not on("filter_type"):
        silent |= _names("Filter") - {"filter_type"}
    if not on("reverb"):
        silent |= _names("Reverb") - {"reverb"}
    if not tremolo:
        silent |= {f"op{n}_tremolo" for n in range(1, N_OPERATORS + 1)}
    if not tremolo and not on("vibrato_st"):
        silent |= _names("LFO") - {"tremolo_db", "vibrato_st"}
    if not any(number(values, f"pitch_env{n}_st") for n in range(1, N_STAGES + 1)):
        silent |= {f"pitch_env{n}_s" for n in range(1, N_STAGES + 1)} | {"pitch_env_clock"}
    return frozenset(silent)


def _names(section: str) -> frozenset[str]:
    return frozenset(FM_SPACE.names_in(section))


def _choice(param: Param) -> ValueWidget:
    return choice_control(param, draw_lfo_wave if param.name == "lfo_wave" else None)


def _tremolo_field(param: Param) -> ValueWidget:
    return ValueField(param, label=f"Trem. → {param.name[2]}")
