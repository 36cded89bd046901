"""Running and recent jobs: what stage, how far, how long still, and a button that stops them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import icons
from app.controls.plain import ElidedLabel, plain_label, plain_tip
from app.job_list import ENDED, Job, JobList
from app.theme import PADDING, PADDING_WIDE

TITLE_PX, TITLE_LEAST_PX = 220, 80
BAR_PX = 80
EMPTY = "Nothing is running. Opening, exporting and other longer work shows up here."


class _Row(QWidget):
    """One job. It is updated in place, so a button does not vanish under the mouse."""

    def __init__(self, jobs: JobList, job: Job) -> None:
        super().__init__()
        self._jobs = jobs
        self._job_id = job.id
        self.title = ElidedLabel(job.title)
        self.figures = plain_label()
        self.figures.setProperty("role", "secondary")
        self.stage = plain_label()
        self.stage.setProperty("role", "small")
        self.stage.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.stop = QToolButton()
        self.stop.setIcon(icons.icon("close", "secondary"))
        self.stop.setIconSize(QSize(12, 12))
        self.stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.stop.setToolTip(plain_tip(f"Stop “{job.title}”"))
        self.stop.setAccessibleName(f"Stop {job.title}")
        self.stop.clicked.connect(lambda: self._jobs.cancel(self._job_id))
        head = QHBoxLayout()
        head.setSpacing(PADDING)
        head.addWidget(self.title, 1)
        head.addWidget(self.figures)
        head.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING_WIDE, PADDING // 2, PADDING, PADDING // 2)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.stage)

    def show_job(self, job: Job, now_s: float) -> None:
        ended = job.state in ENDED
        self.figures.setText(job.describe(now_s))
        self.stage.setText(job.text)
        self.stage.setVisible(bool(job.text))
        role = "error" if job.state == "failed" else "small"
        if self.stage.property("role") != role:
            self.stage.setProperty("role", role)
            self.stage.style().polish(self.stage)
        # An unknown share is no bar at all: a bar that only moves says nothing.
        self.bar.setVisible(not ended and job.fraction is not None)
        self.bar.setRange(0, 1000)
        self.bar.setValue(round((job.fraction or 0.0) * 1000))
        self.stop.setVisible(not ended)
        self.stop.setEnabled(job.state != "stopping")


class JobsPanel(QWidget):
    """All shown jobs, running ones on top, and one line that says so when there are none."""

    def __init__(self, jobs: JobList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._rows: dict[int, _Row] = {}
        self.empty = QLabel(EMPTY)
        self.empty.setProperty("role", "secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setMinimumHeight(48)
        self.empty.setContentsMargins(PADDING_WIDE, PADDING, PADDING_WIDE, PADDING)
        self.clear = QPushButton("Clear ended")
        self.clear.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear.clicked.connect(jobs.clear)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The panel's own colour shows through.
        scroll.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self._scroll = scroll
        foot = QHBoxLayout()
        foot.setContentsMargins(PADDING_WIDE, 0, PADDING, PADDING)
        foot.addStretch(1)
        foot.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.empty, 1)
        column.addWidget(scroll, 1)
        column.addLayout(foot)
        jobs.changed.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(320, 140)

    def refresh(self) -> None:
        """Show what the list says now."""
        shown = self._jobs.shown()
        now_s = self._jobs.now_s()
        gone = set(self._rows) - {j.id for j in shown}
        for job_id in gone:
            row = self._rows.pop(job_id)
            self._column.removeWidget(row)
            row.deleteLater()
        # What runs stands on top, below it what ended, the newest first.
        ordered = sorted(shown, key=lambda j: (j.state in ENDED, -j.id))
        for place, job in enumerate(ordered):
            row = self._rows.get(job.id)
            if row is None:
                row = self._rows[job.id] = _Row(self._jobs, job)
            item = self._column.itemAt(place)
            if item is None or item.widget() is not row:
                self._column.insertWidget(place, row)
            row.show_job(job, now_s)
        self.empty.setVisible(not shown)
        self._scroll.setVisible(bool(shown))
        self.clear.setVisible(any(j.state in ENDED for j in shown))


class _Title(ElidedLabel):
    """A name of limited width; it leaves the tool tip to what stands around it while all of it can be read."""

    def set_role(self, role: str) -> None:
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().polish(self)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(min(hint.width(), TITLE_PX), hint.height())

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(TITLE_LEAST_PX, hint.width()), hint.height())


class JobStatus(QWidget):
    """The running job in one line of the footer; a click opens the list. Where room is scarce it says less, so that
    what stands beside it is not pushed out of the window."""

    clicked = Signal()

    def __init__(self, jobs: JobList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job_id = 0
        self._words, self._short, self._has_bar = "", "", False
        self.title = _Title()
        self.figures = plain_label()
        self.figures.setProperty("role", "secondary")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(BAR_PX, 4)
        self.stop = QToolButton()
        self.stop.setIcon(icons.icon("close", "secondary"))
        self.stop.setIconSize(QSize(12, 12))
        self.stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.stop.setToolTip("Stop this job")
        self.stop.setAccessibleName("Stop this job")
        self.stop.clicked.connect(lambda: jobs.cancel(self._job_id))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Show all jobs")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(PADDING, 0, 0, 0)
        row.setSpacing(PADDING)
        for widget in (self.title, self.bar, self.figures, self.stop):
            row.addWidget(widget)
        jobs.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the job that the person has waited for longest, else one quiet line about what runs by itself."""
        running = self._jobs.running()
        self.setVisible(bool(running))
        if not running:
            return
        asked = [job for job in running if not job.quiet]
        # What runs comes before what waits.
        job = min(asked or running, key=lambda j: (j.state == "waiting", j.id))
        self._job_id = job.id
        self.title.setText(job.title)
        self.title.set_role("secondary" if job.quiet else "")
        waiting = f"+{len(asked) - 1} waiting" if len(asked) > 1 else ""
        figures = "" if job.quiet else job.describe(self._jobs.now_s())
        self._words, self._short = "   ".join(filter(None, (figures, waiting))), figures.split("  ")[0]
        self._has_bar = not job.quiet and job.fraction is not None
        self.bar.setRange(0, 1000)
        self.bar.setValue(round((job.fraction or 0.0) * 1000))
        self.stop.setVisible(not job.quiet)
        self.stop.setEnabled(job.state != "stopping")
        self._fit()
        self.updateGeometry()

    def _fit(self) -> None:
        """Say as much as there is room for."""
        fits = self.width() >= self._needed_px(self.title.minimumSizeHint().width(), self._words, has_bar=self._has_bar)
        self.figures.setText(self._words if fits else self._short)
        self.figures.setVisible(bool(self._words))
        self.bar.setVisible(self._has_bar and fits)

    def _needed_px(self, title_px: int, words: str, *, has_bar: bool) -> int:
        parts = [title_px, BAR_PX if has_bar else 0, self.figures.fontMetrics().horizontalAdvance(words)]
        parts.append(0 if self.stop.isHidden() else self.stop.sizeHint().width())
        return sum(part + PADDING for part in parts if part)

    def sizeHint(self) -> QSize:
        width = self._needed_px(self.title.sizeHint().width(), self._words, has_bar=self._has_bar)
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        width = self._needed_px(self.title.minimumSizeHint().width(), self._short, has_bar=False)
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()
