"""Makes ``resources/speech/lexicon-en.txt.gz`` of the CMU Pronouncing Dictionary.

``python -m engine.training.lexicon SOURCE OUT``: the source is ``index.js`` of the npm package
``cmu-pronouncing-dictionary``, or ``cmudict.dict`` of the dictionary itself. Words with signs other than letters,
apostrophes, hyphens and dots are left out, and so are pronunciations that differ in nothing but a weak vowel.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from engine.speech.symbols import PHONEMES

_SCRIPT = re.compile(r"""^\s*["']?([^"]+?)["']?: "([A-Z0-2 ]+)",?$""")
_PLAIN = re.compile(r"^(\S+) ([A-Z0-2 ]+?)(?: *#.*)?$")
_VARIANT = re.compile(r"\(\d+\)$")
_WORD = re.compile(r"[a-z'][a-z'.-]*")
_WEAK = re.compile(r"\b(?:AH|IH|EH|IY)0\b")


def read_source(lines: Iterable[str]) -> dict[str, list[str]]:
    """Each word with its pronunciations, as spaced symbols, in the order of the source.

    >>> read_source(["  live: \\"L AY1 V\\",", '  "live(1)": "L IH1 V",', '  "mp3": "EH1 M",'])
    {'live': ['L AY1 V', 'L IH1 V']}
    """
    found: dict[str, list[str]] = {}
    for line in lines:
        match = _SCRIPT.match(line) or _PLAIN.match(line)
        if match is None:
            continue
        word = _VARIANT.sub("", match[1]).lower()
        said = " ".join(match[2].split())
        if not _WORD.fullmatch(word) or not set(said.split()) <= PHONEMES:
            continue
        variants = found.setdefault(word, [])
        if all(_WEAK.sub("AH0", said) != _WEAK.sub("AH0", other) for other in variants):
            variants.append(said)
    return found


def write_lexicon(found: dict[str, list[str]], out: Path) -> None:
    """The same source makes the same bytes."""
    # Sorted by the word alone, as the look-up compares it.
    ordered = sorted(found.items(), key=lambda item: item[0].encode())
    text = "".join(f"{word}\t{' / '.join(variants)}\n" for word, variants in ordered)
    out.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    write_lexicon(read_source(source.read_text("utf-8").splitlines()), out)
