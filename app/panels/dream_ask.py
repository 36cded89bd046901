"""What is asked for in words: the prompt, how far the result may be from the patch, and under "more" all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import SystemRandom

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.menus import below, pop_up
from app.controls.value_field import ValueField
from app.icons import icon
from app.theme import BUTTON_PX, GRID, PADDING
from engine.params import Param
from engine.sds.usual import OWN_LONGEST_S

REACH = Param(
    "reach", 0.0, 1.0, 1.0, label="How far", step=0.05, help="How far from your patch the result may be, up to anything"
)
GUIDANCE = Param(
    "guidance",
    0.0,
    15.0,
    0.0,
    label="Guidance",
    step=0.5,
    help="How strictly the words are meant; at the left end as the net's makers advise",
)
SEED = Param(
    "seed",
    0.0,
    999_999.0,
    0.0,
    scale="step",
    step=1.0,
    label="Seed",
    help="The same words and seed find the same again",
)
TIME = Param("time_s", 5.0, 120.0, 45.0, "s", "log", label="Search for", help="How long the search may take")
LENGTH = Param("length_s", 0.25, OWN_LONGEST_S, 2.0, "s", "log", label="Imagine", help="How long the imagined sound is")
INSTRUMENTS = {"fm": "FM", "impact": "Impact"}
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "fm": (
        "a deep kick drum",
        "a bright metallic bell",
        "a warm electric piano",
        "a plucked bass note",
        "a laser zap",
        "a soft airy pad",
        "a bird chirping",
    ),
    "impact": (
        "a dull wooden knock",
        "hitting a metal pot with a wooden spoon",
        "a wine glass tapped with a fingernail",
        "a large bronze bell",
        "a stone dropped on tiles",
        "a hollow plastic box",
    ),
}
"""Prompts to begin with, by instrument."""
NARROW_PX = 620
"""Below this width the first row is two."""
WHOLE_PX = 124
"""A field for how far of at least that width says what it is about."""
PLACEHOLDERS = (
    "Say what it should sound like, such as “a dull wooden knock”",
    "Say a sound: “a dull wooden knock”",
    "“a wooden knock”",
    "Words",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that the form says."""

    prompt: str
    negative: str
    synth: str
    reach: float
    guidance: float | None
    """``None`` for what the net's makers advise."""
    seed: int
    seconds: float
    length_s: float
    prior: str


class ReachField(ValueField):
    """How far the result may be, in words."""

    lockable = False

    def value_text(self) -> str:
        share = f"{self.value:.0%}".replace("%", " %")
        far = "anything" if self.value >= 0.995 else share
        return f"How far: {far}" if self.width() >= WHOLE_PX else far

    def sizeHint(self) -> QSize:
        return QSize(WHOLE_PX, super().sizeHint().height())


class GuidanceField(ValueField):
    """A guidance, or what is usual."""

    def value_text(self) -> str:
        return super().value_text() if self.value > 0.0 else "usual"


class WordsField(QLineEdit):
    """A line of words. They keep the keys that type; Esc leaves what was found, as in the rest of the panel."""

    escaped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class PromptField(WordsField):
    """The words. The arrow keys leaf through what was asked before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recent: tuple[str, ...] = ()
        self._draft = ""
        """What was typed before somebody leafed."""
        self.setAccessibleName("The sound in words")
        self.setClearButtonEnabled(True)
        self.setMaxLength(400)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None or not self.recent:
            super().keyPressEvent(event)
            return
        known = self.recent.index(self.text()) if self.text() in self.recent else -1
        if known < 0:
            self._draft = self.text()
        place = min(max(known + step, -1), len(self.recent) - 1)
        self.setText(self.recent[place] if place >= 0 else self._draft)

    def resizeEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        super().resizeEvent(event)
        room = self.width() - 4 * PADDING
        fits = [words for words in PLACEHOLDERS if self.fontMetrics().horizontalAdvance(words) <= room]
        self.setPlaceholderText(fits[0] if fits else "")


class AskForm(QWidget):
    """The rows above everything else. It knows nothing of searches."""

    dream_wanted = Signal()
    stop_wanted = Signal()
    imagine_wanted = Signal()
    escaped = Signal()
    synth_chosen = Signal(str)
    changed = Signal()
    """Something that is remembered became another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.prompt = PromptField()
        self.recall = QToolButton()
        self.reach = ReachField(REACH, labelled=False)
        self.more = QToolButton()
        self.imagine = QPushButton("Imagine")
        self.dream = QPushButton("Dream")
        self.negative = WordsField()
        self.guidance = GuidanceField(GUIDANCE)
        self.seed, self.time, self.length = (ValueField(p) for p in (SEED, TIME, LENGTH))
        self.dice = QToolButton()
        self.prior = QComboBox()
        self.hover = QToolButton()
        self.synths = QButtonGroup(self)
        self.running = False
        self._low = self._narrow = False
        self._buttons: dict[str, QToolButton] = {}
        self._arrange()
        self._connect()
        self.show_running(False)
        self.show_priors({})

    # -- what others use -------------------------------------------------------------------------------------------

    def asked(self) -> Asked:
        return Asked(
            prompt=" ".join(self.prompt.text().split()),
            negative=" ".join(self.negative.text().split()),
            synth=self.synth,
            reach=self.reach.value,
            guidance=self.guidance.value or None,
            seed=round(self.seed.value),
            seconds=self.time.value,
            length_s=self.length.value,
            prior=str(self.prior.currentData()),
        )

    @property
    def synth(self) -> str:
        return next((synth for synth, button in self._buttons.items() if button.isChecked()), "fm")

    def show_synth(self, synth: str) -> None:
        """Which instrument's knobs are turned."""
        if synth in self._buttons:
            self._buttons[synth].setChecked(True)

    def show_priors(self, priors: Mapping[str, str]) -> None:
        """What can draw sounds for words, by name; a choice of one is none and is hidden."""
        chosen = self.prior.currentData()
        self.prior.clear()
        for prior, words in (priors or {"own": "Own net"}).items():
            self.prior.addItem(words, prior)
        self.prior.setCurrentIndex(max(self.prior.findData(chosen), 0))
        self.prior.setHidden(self.prior.count() < 2)

    def show_longest(self, seconds: float) -> None:
        """How long a sound may be that is imagined: what is too long becomes as long as that."""
        self.length.set_param(replace(LENGTH, high=seconds))

    def show_running(self, on: bool) -> None:
        """Whether a search runs: then the button stops it."""
        self.running = on
        self.dream.setText("Stop" if on else "Dream")
        self.dream.setToolTip(
            "Stop the search and keep the best so far as a proposal"
            if on
            else "Turn the knobs until they sound like the words (Return)"
        )
        if self.dream.property("primary") != (not on):
            self.dream.setProperty("primary", not on)
            self.dream.style().polish(self.dream)

    def roll(self) -> None:
        """Another seed, by chance."""
        self.seed.enter(float(SystemRandom().randrange(round(SEED.high))))

    def set_low(self, on: bool) -> None:
        """Where height is scarce only the first row stays while something is found."""
        if on != self._low:
            self._low = on
            self._share_out()

    def state(self) -> dict[str, object]:
        """What is remembered."""
        return {
            "reach": self.reach.value,
            "guidance": self.guidance.value,
            "seed": round(self.seed.value),
            "time_s": self.time.value,
            "length_s": self.length.value,
            "hover": self.hover.isChecked(),
            "more": self.more.isChecked(),
        }

    def restore(self, state: Mapping[str, object]) -> None:
        for field, key in (
            (self.reach, "reach"),
            (self.guidance, "guidance"),
            (self.seed, "seed"),
            (self.time, "time_s"),
            (self.length, "length_s"),
        ):
            value = state.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                field.set_value(field.param.clamp(float(value)))
        self.hover.setChecked(state.get("hover") is not False)
        self.more.setChecked(state.get("more") is True)
        self._share_out()

    def show_recent(self, prompts: Sequence[str]) -> None:
        """What was asked before, newest first."""
        self.prompt.recent = tuple(prompts)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        self.recall.setIcon(icon("recent"))
        self.recall.setAccessibleName("Earlier words and examples")
        self.recall.setToolTip("What you asked before, and examples")
        self.more.setText("⋯")
        self.more.setCheckable(True)
        self.more.setAccessibleName("More choices")
        self.more.setToolTip("What not, seed, guidance, time and length")
        self.imagine.setToolTip("Let the net draw the sound itself: it becomes a take, which can be matched")
        self.negative.setPlaceholderText("But not…")
        self.negative.setAccessibleName("What it should not sound like")
        self.negative.setToolTip("What it should not sound like")
        self.negative.setMaxLength(400)
        self.dice.setIcon(icon("dice"))
        self.dice.setAccessibleName("Another seed")
        self.dice.setToolTip("Another seed, by chance")
        self.hover.setIcon(icon("speaker"))
        self.hover.setCheckable(True)
        self.hover.setChecked(True)
        self.hover.setAccessibleName("Hear what the pointer is on")
        self.hover.setToolTip("Hear a tile as soon as the pointer is on it")
        self.prior.setAccessibleName("What draws the sounds")
        self.prior.setToolTip("The net that knows what the words sound like")
        for field in (self.guidance, self.seed, self.time, self.length):
            field.lockable = False
        for button in (self.recall, self.more, self.dice, self.hover):
            button.setProperty("role", "chip")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setFixedSize(32, BUTTON_PX)
        instruments = QHBoxLayout()
        instruments.setSpacing(GRID // 2)
        for synth, words in INSTRUMENTS.items():
            button = QToolButton()
            button.setText(words)
            button.setCheckable(True)
            button.setProperty("role", "chip")
            button.setFixedHeight(BUTTON_PX)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(f"Turn the knobs of {words}")
            button.setToolTip(f"Turn the knobs of the {words} panel")
            button.clicked.connect(partial(self.synth_chosen.emit, synth))
            self.synths.addButton(button)
            self._buttons[synth] = button
            instruments.addWidget(button)
        words_row, what_row = QHBoxLayout(), QHBoxLayout()
        words_row.addWidget(self.prompt, 1)
        words_row.addWidget(self.recall)
        what_row.addLayout(instruments)
        what_row.addWidget(self.reach, 1)
        what_row.addWidget(self.more)
        what_row.addWidget(self.imagine)
        self._what = QWidget()
        self._what.setLayout(what_row)
        for row in (words_row, what_row):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(GRID)
        self.reach.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        # The button that starts stands at the end of the words, or of the whole row where all is in one.
        self._words_row = words_row
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(PADDING)
        self._top.addLayout(words_row, 1)
        self._top.addWidget(self._what)
        self._top.addWidget(self.dream)
        self._rest = QWidget()
        rest = QHBoxLayout(self._rest)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(GRID)
        rest.addWidget(self.negative, 1, Qt.AlignmentFlag.AlignBottom)
        for widget in (self.guidance, self.seed, self.dice, self.time, self.length, self.prior, self.hover):
            rest.addWidget(widget, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(self._top)
        column.addWidget(self._rest)
        self._share_out()

    def _connect(self) -> None:
        self.prompt.returnPressed.connect(self.dream_wanted)
        self.negative.returnPressed.connect(self.dream_wanted)
        for words in (self.prompt, self.negative):
            words.escaped.connect(self.escaped)
        self.dream.clicked.connect(lambda: (self.stop_wanted if self.running else self.dream_wanted).emit())
        self.imagine.clicked.connect(self.imagine_wanted)
        self.recall.clicked.connect(self._open_recall)
        self.dice.clicked.connect(self.roll)
        self.more.toggled.connect(self._share_out)
        for signal in (self.more.toggled, self.hover.toggled):
            signal.connect(self.changed)
        for field in (self.reach, self.guidance, self.seed, self.time, self.length):
            field.committed.connect(self.changed)

    def recall_menu(self) -> QMenu:
        """What was asked before and what one could ask; the caller shows it."""
        menu = QMenu(self)
        for title, prompts in (("Before", self.prompt.recent), ("Examples", EXAMPLES[self.synth])):
            if prompts:
                menu.addSection(title) if title != "Before" else None
                for words in prompts:
                    menu.addAction(words.replace("&", "&&"), partial(self.take, words))
        return menu

    def take(self, words: str) -> None:
        """Put words into the field."""
        self.prompt.setText(words)
        self.prompt.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_recall(self) -> None:
        pop_up(self.recall_menu(), below(self.recall))

    def _share_out(self, *_: object) -> None:
        narrow = self._narrow = self.width() < NARROW_PX
        ways = QBoxLayout.Direction
        self._top.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)
        self._top.setSpacing(GRID if narrow else PADDING)
        if narrow and self._words_row.indexOf(self.dream) < 0:
            self._words_row.addWidget(self.dream)
        elif not narrow and self._top.indexOf(self.dream) < 0:
            self._top.addWidget(self.dream)
        self._what.setHidden(narrow and self._low)
        self._rest.setHidden(not self.more.isChecked() or self._low)

    def resizeEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        super().resizeEvent(event)
        if self._narrow != (event.size().width() < NARROW_PX):
            self._share_out()
