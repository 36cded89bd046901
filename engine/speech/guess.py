"""The usual way from text to phonemes: with the net for unknown words, which is loaded when the first one comes."""

from __future__ import annotations

import threading
from typing import Any

from engine.speech.own_words import OwnWords
from engine.speech.pronounce import Pronouncer
from engine.weights import shelf

_lock = threading.Lock()
_loaded: dict[Any, Any] = {}


def guess(word: str) -> tuple[str, ...]:
    """How the net says ``word``; nothing where there is no net, for then plain rules say it."""
    if not shelf.is_there("phonemes"):
        return ()
    with _lock:
        place = shelf.shipped("phonemes")
        net = _loaded.get(place)
        if net is None:
            # torch, and only for a word that nothing else knows.
            from engine.speech.phoneme_net import PhonemeGuess

            net = _loaded[place] = PhonemeGuess.shipped()
    said: tuple[str, ...] = net(word)
    return said


def usual_pronouncer(own: OwnWords | None = None) -> Pronouncer:
    """What the program speaks with; ``own`` is the person's own dictionary."""
    return Pronouncer(own, guess)
