"""The texts in a sound file that say how it came about: WAV's LIST/INFO, Vorbis comments, ID3 and their like.

All are libsndfile's "strings". A comment holds how the sound was made, the copyright under which terms what made it
stands, and the software is this program.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from engine.about import SOFTWARE, About

if TYPE_CHECKING:
    import soundfile

_ONE_TEXT = "MP3"
"""Of its texts libsndfile 1.2.2 keeps the comment and loses the copyright (measured): both go into one."""


def write_about(file: soundfile.SoundFile, about: About) -> None:
    """Put it into a file that was just opened for writing; a file of nothing to say stays without."""
    if not about:
        return
    one = file.format == _ONE_TEXT
    if comment := " ".join(filter(None, (about.made, about.licence))) if one else about.made:
        file.comment = comment
    if about.licence and not one:
        file.copyright = about.licence
    file.software = SOFTWARE


def read_about(file: soundfile.SoundFile) -> About:
    """What an open file says, whichever program wrote it."""
    made, licence = file.comment, file.copyright
    if file.format == _ONE_TEXT:
        # libsndfile takes UTF-8 for Latin-1 there.
        with contextlib.suppress(UnicodeError):
            made = made.encode("latin-1").decode("utf-8")
    return About(made, licence)
