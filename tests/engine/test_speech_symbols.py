"""The symbols of a voice: trained voices hold a row for each id, so no id may ever move."""

from __future__ import annotations

from engine.speech import symbols


def test_no_id_ever_moves() -> None:
    assert symbols.N_SYMBOLS == 96
    assert len(set(symbols.SYMBOLS)) == 96
    assert symbols.SYMBOLS[:17] == (
        "_",
        "~",
        "^",
        "$",
        "|",
        "<>",
        ",",
        ".",
        "?",
        "!",
        ";",
        ":",
        "-",
        "...",
        "(",
        ")",
        '"',
    )
    assert (symbols.PAD, symbols.BLANK, symbols.START, symbols.END, symbols.SPACE, symbols.PAUSE) == (0, 1, 2, 3, 4, 5)
    at = {"B": 17, "NG": 29, "ZH": 40, "AA0": 41, "AH0": 47, "AH1": 48, "ER2": 64, "UW2": 85, "spare0": 86}
    assert {name: symbols.ID_OF[name] for name in at} == at
    assert len(symbols.PHONEMES) == 24 + 15 * 3
