"""Where keys lie on a computer's keyboard, whatever is printed on them.

A place is named by its number in the kernel's table of input events, which is also the first set of the PC's scan
codes: 30 is the key left of the middle row, A on an American keyboard and Q on a French one. Qt hands over the system's
own numbers: on X11 and Wayland they are larger by eight, on a Mac they are others altogether.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

X11_OFFSET = 8

# What an American keyboard has printed at each place that is used here.
LETTERS = {
    **dict(zip(range(16, 28), "QWERTYUIOP[]", strict=True)),
    **dict(zip(range(30, 41), "ASDFGHJKL;'", strict=True)),
    **dict(zip(range(44, 48), "ZXCV", strict=True)),
}
# A Mac numbers them in this order; a blank is a key that is not used here.
_ON_MAC = "ASDFHGZXCV  QWERYT            ]OU[IP LJ'K;"
_PLACE_OF_LETTER = {letter: place for place, letter in LETTERS.items()}
_PLACE_ON_MAC = {code: _PLACE_OF_LETTER[letter] for code, letter in enumerate(_ON_MAC) if letter != " "}
_PLACE_OF_KEY = {Qt.Key(ord(letter)): place for letter, place in _PLACE_OF_LETTER.items()}


def place_of(event: QKeyEvent, platform: str = sys.platform) -> int | None:
    """The place of a key, or ``None`` where it is none of those that are named here.

    Events that a system makes without a scan code (remote desktops, tests) are taken for an American keyboard's.
    """
    if platform == "darwin":
        # Zero is a key there (A), and also what an event has that no key made.
        if event.spontaneous() or event.nativeVirtualKey():
            return _PLACE_ON_MAC.get(event.nativeVirtualKey())
    elif event.nativeScanCode():
        place = event.nativeScanCode() - (0 if platform == "win32" else X11_OFFSET)
        return place if place in LETTERS else None
    return _PLACE_OF_KEY.get(Qt.Key(event.key()))
