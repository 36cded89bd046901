"""What can be done with words, as data; a part of the table in :mod:`app.actions`."""

from __future__ import annotations

from app.action import Action

WORD_ACTIONS = (
    Action(
        "words.ask",
        "Describe a sound…",
        "Ctrl+P",
        "Explore",
        "Say in words what the instrument should sound like",
        words="prompt text words describe dream type generate ai",
    ),
    Action(
        "words.dream",
        "Turn the knobs by words",
        "Ctrl+Shift+Return|Ctrl+Shift+Enter",
        "Explore",
        "Begin the search for what the words say, or stop it and keep the best so far",
        words="prompt dream tune generate stop search",
    ),
    Action(
        "words.original",
        "Hear the patch before",
        "F3",
        "Explore",
        "What words propose gives way to your patch as it was: while the key is held, or until it is tapped again",
        words="compare original before bypass",
    ),
    Action(
        "words.branch",
        "Branch from here",
        "",
        "Explore",
        "Search again by words, beginning at what is shown",
        words="prompt continue variation",
    ),
    Action(
        "words.accept",
        "Accept what words found",
        "",
        "Explore",
        "Take over the patch as one step, and keep its sound as a take",
        words="prompt keep proposal",
    ),
    Action(
        "words.discard",
        "Discard what words found",
        "",
        "Explore",
        "Go back to the patch as it was",
        words="prompt cancel proposal",
    ),
    Action(
        "words.imagine",
        "Imagine the words",
        "",
        "Explore",
        "Let the net draw the sound itself, as a take",
        words="prompt sample generate prior",
    ),
)
WORD_MENU: tuple[str | None, ...] = tuple(action.id for action in WORD_ACTIONS)
