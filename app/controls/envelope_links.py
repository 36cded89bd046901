"""Between an envelope editor and the document: links to other operators, pasting and locks, each a step or a mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from app.controls.envelope import EnvelopeEditor
from engine.params import Patch
from engine.params.links import OPERATORS, EnvelopeLinks, envelope_names


class EnvelopeDocument(Protocol):
    """What is needed of :class:`app.document.Document`."""

    links_changed: Signal
    locks_changed: Signal

    @property
    def patch(self) -> Patch: ...

    @property
    def links(self) -> EnvelopeLinks: ...

    @property
    def locked(self) -> frozenset[str]: ...

    def set_links(self, links: EnvelopeLinks, label: str = "", values: Mapping[str, float] | None = None) -> None: ...

    def set_locked(self, names: Iterable[str], on: bool = True) -> None: ...

    def audition_values(self, values: Mapping[str, float]) -> None: ...

    def commit(self, label: str) -> None: ...


class EnvelopeKeeper(QObject):
    """Shows an editor the document's links and locks, and takes its wishes there.

    The editor's gestures (``moved``, ``committed``, ``reverted``) are for the panel to pass on, as those of knobs are.
    """

    def __init__(self, editor: EnvelopeEditor, document: EnvelopeDocument) -> None:
        super().__init__(editor)
        self._editor, self._document = editor, document
        editor.entered.connect(self._enter)
        editor.lock_wanted.connect(document.set_locked)
        editor.link_wanted.connect(self._link)
        document.links_changed.connect(self._show)
        document.locks_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        owner = self._editor.owner
        choices = {}
        if owner in OPERATORS:
            choices = {other: f"Operator {other[2:]}" for other in OPERATORS if other != owner}
        self._editor.set_links(self._document.links.of(owner), choices)
        self._editor.set_locked(self._document.locked)

    def _enter(self, values: Mapping[str, float], label: str) -> None:
        self._document.audition_values(values)
        self._document.commit(label)

    def _link(self, other: str, on: bool) -> None:
        document, owner = self._document, self._editor.owner
        if not on:
            document.set_links(document.links.unlinked(other), "Unlink envelopes")
            return
        links = document.links.linked(owner, other)
        # From now on they are the same: the others take this one over, in one step with the link.
        values = {name: document.patch.values[name] for name in envelope_names(owner)}
        own = {name: value for name, value in values.items() if isinstance(value, float)}
        document.set_links(links, "Link envelopes", links.spread(own, document.locked))
