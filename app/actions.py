"""Every menu item and shortcut as data. Menus, buttons, the palette and tool tips are all made from this one table."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QKeySequence


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do.

    ``id`` never changes; ``text`` is what menus say; ``shortcut`` is in Qt's portable text, several joined by a bar
    (``"Ctrl+Shift+Z|Ctrl+Y"``), the first one is shown; ``group`` is the menu; ``help`` is one sentence for the tool
    tip and the palette; ``words`` are further names under which people look for it. The key of a ``local`` action is
    only shown in menus: the one widget that it belongs to answers it.
    """

    id: str
    text: str
    shortcut: str = ""
    group: str = ""
    help: str = ""
    icon: str = ""
    checkable: bool = False
    words: str = ""
    local: bool = False

    @property
    def shortcuts(self) -> list[QKeySequence]:
        return [QKeySequence.fromString(s) for s in self.shortcut.split("|") if s]


ACTIONS = (
    Action(
        "file.open", "Open…", "Ctrl+O", "File", "Open sound files as takes, or a project", "open", words="import load"
    ),
    Action("project.new", "New project", "Ctrl+N", "File", "Start with an empty library"),
    Action("project.save", "Save project", "Ctrl+S", "File", "Write the takes and the patch into a file", "save"),
    Action("project.save_as", "Save project as…", "Ctrl+Shift+S", "File", "Write the project under another name"),
    Action(
        "take.export",
        "Export sound…",
        "Ctrl+E",
        "File",
        "Write the selection, or all of what the stage shows, as a sound file",
        "export",
        words="bounce render wav flac write",
    ),
    Action(
        "patch.variations",
        "Export variations…",
        "",
        "File",
        "Write the struck object as round robins in velocity layers, with a sheet",
        words="round robin velocity layers sampler sfz samples multisample bounce",
    ),
    Action("app.quit", "Quit", "Ctrl+Q", "File", "Leave; unsaved work is asked about", words="exit close"),
    Action("edit.undo", "Undo", "Ctrl+Z", "Edit", "Take the last step back", "undo"),
    Action("edit.redo", "Redo", "Ctrl+Shift+Z|Ctrl+Y", "Edit", "Do the step again that was taken back", "redo"),
    Action("edit.select_all", "Select the whole sound", "Ctrl+A", "Edit", "Select from the first to the last sample"),
    Action("edit.select_none", "Clear the selection", "Ctrl+Shift+A", "Edit", "Select nothing", words="deselect"),
    Action(
        "take.keep",
        "Keep as take",
        "Ctrl+Return|Ctrl+Enter",
        "Edit",
        "Put the live patch and its sound into the library",
        "keep",
        words="freeze bounce snapshot accept",
    ),
    Action(
        "take.remove",
        "Remove take",
        "Delete",
        "Edit",
        "Take the chosen take out of the library; the file stays (the key counts in the list of takes)",
        local=True,
    ),
    Action("take.rename", "Rename take", "F2", "Edit", "Give the chosen take another name", "rename"),
    Action(
        "take.patch",
        "Load the take’s patch",
        "",
        "Edit",
        "Set the instrument, and its note, to what made the chosen take",
        "patch-live",
        words="recipe recall restore take",
    ),
    Action(
        "sound.match",
        "Match the sound on the stage",
        "Ctrl+Shift+M",
        "Edit",
        "Look for a patch that sounds like the chosen take, or the selection in it",
        words="fit imitate copy resynthesize genopatch like target",
    ),
    Action(
        "sound.match_file",
        "Match a recording…",
        "",
        "Edit",
        "Choose a sound file and look for a patch that sounds like it; a sound dropped on the panel does the same",
        "match",
        words="fit imitate copy resynthesize genopatch like target file",
    ),
    Action("patch.live", "Go to the live patch", "Ctrl+L", "Edit", "Show and hear the instrument again"),
    Action("patch.reset", "Reset the patch", "", "Edit", "Set every parameter to its default", words="init initialise"),
    Action(
        "patch.unlock",
        "Unlock all",
        "",
        "Edit",
        "Let presets, words and chance change every parameter again",
        words="locks padlock parameters free",
    ),
    Action("app.preferences", "Preferences…", "Ctrl+,", "Edit", "Theme, zoom, sound device", words="settings options"),
    Action(
        "preset.find",
        "Find a preset",
        "Ctrl+F",
        "Presets",
        "Go to the search field: words, or tag:bass, author:, folder:",
        "search",
        words="search browse sound patch",
    ),
    Action("preset.next", "Next preset", "Ctrl+PgDown", "Presets", "Hear the next preset of the list"),
    Action("preset.previous", "Previous preset", "Ctrl+PgUp", "Presets", "Hear the preset before in the list"),
    Action(
        "preset.star",
        "Favourite",
        "Ctrl+D",
        "Presets",
        "Put a star on the marked presets, or take it off",
        "star",
        words="star bookmark like heart",
    ),
    Action("preset.save", "Save preset", "Ctrl+Alt+S", "Presets", "Write the live patch over your preset it came from"),
    Action(
        "preset.save_as",
        "Save preset as…",
        "Ctrl+Alt+Shift+S",
        "Presets",
        "Keep the live patch as a preset of your own",
    ),
    Action(
        "preset.revert",
        "Back to the saved preset",
        "",
        "Presets",
        "Undo every change since the preset was loaded",
        words="reload restore discard",
    ),
    Action(
        "preset.import",
        "Import presets…",
        "",
        "Presets",
        "Take over preset files and DX7 voices (.syx)",
        words="open sysex syx bank dx7 json",
    ),
    Action(
        "preset.export",
        "Export presets…",
        "",
        "Presets",
        "Write the marked presets, or the live patch, to files",
        words="sysex syx bank dx7 json share",
    ),
    Action(
        "preset.refresh", "Look for changed presets", "F5", "Presets", "Read the preset folders again", words="rescan"
    ),
    Action("play.toggle", "Play or pause", "Space", "Play", "Hear the selection, or all that the stage shows", "play"),
    Action("play.stop", "Stop", "Shift+Space", "Play", "Stop and go back to the start", "stop"),
    Action(
        "play.again", "Play from the start", "Return|Enter", "Play", "The selection, or the whole sound, from its start"
    ),
    Action(
        "play.on",
        "Play from the playhead",
        "Shift+Return|Shift+Enter",
        "Play",
        "From the playhead to the end of the sound, whatever is selected",
        words="cursor here ignore selection",
    ),
    Action("play.start", "Go to the start", "Home", "Play", "Move the playhead to the start", "start"),
    Action("play.end", "Go to the end", "End", "Play", "Move the playhead to the end"),
    Action("play.loop", "Loop", "L", "Play", "Repeat the selection, or all of it", "loop", True, "repeat cycle"),
    Action(
        "edit.hear",
        "Hear while turning",
        "H",
        "Play",
        "Strike the note again when a knob is turned and nothing plays",
        "",
        True,
        "audition preview",
    ),
    Action(
        "play.keyboard",
        "Play with the keyboard",
        "Ctrl+T",
        "Play",
        "The letters play the instrument: A S D are white keys, W E black ones, Z X octaves, C V how hard",
        "keyboard",
        True,
        "computer keys piano typing notes musical qwerty",
    ),
    Action(
        "play.damp",
        "Damp what rings",
        "Ctrl+.",
        "Play",
        "Lay a hand on the object of the impact instrument until it is silent",
        words="choke mute stop silence impact strike",
    ),
    Action("play.tone", "Play a test tone", "", "Play", "A short tone through the chosen device", words="check sound"),
    Action(
        "slot.toggle",
        "Change between two slots",
        "F4|Alt+Shift+X",
        "Explore",
        "Back and forth between the two slots used last",
        words="compare A B versions snapshot",
    ),
    *(
        Action(
            f"slot.{letter.lower()}",
            f"Slot {letter}",
            f"F{key}|Ctrl+Alt+{number}",
            "Explore",
            "Take up this version of the patch; an empty slot begins with what is heard",
            words="compare version snapshot",
        )
        for letter, key, number in (("A", 6, 1), ("B", 7, 2), ("C", 8, 3), ("D", 9, 4))
    ),
    Action(
        "slot.match",
        "Compare at equal loudness",
        "Ctrl+Alt+E",
        "Explore",
        "Play all slots equally loud; their patches stay as they are",
        "loudness",
        True,
        "level match gain volume",
    ),
    Action(
        "chance.mutate",
        "Mutate",
        "Ctrl+M",
        "Explore",
        "A small step beside the sound as it is",
        words="vary random change chance",
    ),
    Action(
        "chance.randomise",
        "Randomise",
        "Ctrl+R",
        "Explore",
        "Towards another sound; levels, routing and what is locked stay",
        words="random dice surprise generate chance",
    ),
    Action(
        "chance.repeat",
        "Draw again with the same seed",
        "",
        "Explore",
        "After an undo this is the very same sound",
        words="repeat seed random mutate",
    ),
    Action(
        "view.palette",
        "Find an action…",
        "Ctrl+K|Ctrl+Shift+P|F1",
        "View",
        "Every action with its key",
        "search",
        words="command palette shortcuts keys help",
    ),
    Action("view.zoom_in", "Zoom in", "Ctrl+=|Ctrl++", "View", "See less time, more detail"),
    Action("view.zoom_out", "Zoom out", "Ctrl+-", "View", "See more time"),
    Action("view.zoom_all", "Show the whole sound", "Ctrl+0", "View", "From the start to the end", words="fit"),
    Action("view.zoom_selection", "Zoom to the selection", "Z", "View", "Fill the view with the selection"),
    Action("view.library", "Library", "Ctrl+1", "View", "Show or hide the library", "", True, "panel dock takes"),
    Action("view.fm", "FM synthesizer", "Ctrl+2", "View", "Show or hide the FM panel", "", True, "panel dock knobs"),
    Action(
        "view.impact",
        "Impact",
        "Ctrl+3",
        "View",
        "Show or hide the panel of the impact instrument",
        "",
        True,
        "panel dock knobs strike object modes percussion",
    ),
    Action("view.jobs", "Jobs", "Ctrl+9", "View", "Show or hide running and recent jobs", "", True, "panel dock tasks"),
    Action(
        "view.light",
        "Light theme",
        "Ctrl+Shift+L",
        "View",
        "Dark on light instead of light on dark",
        "",
        True,
        "dark colours appearance",
    ),
    Action("view.motion", "Movement", "", "View", "Let panels and meters glide", "", True, "animation"),
    Action("view.full_screen", "Full screen", "F11", "View", "Fill the screen with the window", "", True),
    Action(
        "view.reset_layout",
        "Reset the layout",
        "",
        "View",
        "Put every panel back where it was at first",
        words="docks windows panels",
    ),
    Action("help.about", "About Tonewright", "", "Help", "Version, licence and what it stands on", words="version"),
)

BY_ID = {a.id: a for a in ACTIONS}
if len(BY_ID) != len(ACTIONS):
    raise ValueError("Two actions share an id.")

MENUS: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    (
        "&File",
        (
            "project.new",
            "file.open",
            None,
            "project.save",
            "project.save_as",
            None,
            "take.export",
            "patch.variations",
            None,
            "app.quit",
        ),
    ),
    (
        "&Edit",
        (
            "edit.undo",
            "edit.redo",
            None,
            "edit.select_all",
            "edit.select_none",
            None,
            "take.keep",
            "take.patch",
            "take.rename",
            "take.remove",
            None,
            "sound.match",
            "sound.match_file",
            None,
            "patch.live",
            "patch.reset",
            "patch.unlock",
            None,
            "app.preferences",
        ),
    ),
    (
        "P&resets",
        (
            "preset.find",
            "preset.previous",
            "preset.next",
            "preset.star",
            None,
            "preset.save",
            "preset.save_as",
            "preset.revert",
            None,
            "preset.import",
            "preset.export",
            "preset.refresh",
        ),
    ),
    (
        "E&xplore",
        (
            "slot.toggle",
            "slot.a",
            "slot.b",
            "slot.c",
            "slot.d",
            "slot.match",
            None,
            "chance.mutate",
            "chance.randomise",
            "chance.repeat",
        ),
    ),
    (
        "&Play",
        (
            "play.toggle",
            "play.stop",
            "play.again",
            "play.on",
            None,
            "play.start",
            "play.end",
            None,
            "play.loop",
            "edit.hear",
            None,
            "play.keyboard",
            "play.damp",
            "play.tone",
        ),
    ),
    (
        "&View",
        (
            "view.palette",
            None,
            "view.zoom_in",
            "view.zoom_out",
            "view.zoom_all",
            "view.zoom_selection",
            None,
            "view.library",
            "view.fm",
            "view.impact",
            "view.jobs",
            "view.reset_layout",
            None,
            "view.light",
            "view.motion",
            "view.full_screen",
        ),
    ),
    ("&Help", ("view.palette", "help.about")),
)
"""Menu titles and their action ids; ``None`` is a line between them."""


def shortcut_text(data: Action) -> str:
    """The shown shortcut in the platform's own words, or nothing."""
    shortcuts = data.shortcuts
    return shortcuts[0].toString(QKeySequence.SequenceFormat.NativeText) if shortcuts else ""


def tool_tip(data: Action) -> str:
    """Text, shortcut and help, as a button shows them."""
    keys = shortcut_text(data)
    title = f"{data.text.rstrip('…')} ({keys})" if keys else data.text.rstrip("…")
    return f"{title}\n{data.help}" if data.help else title
