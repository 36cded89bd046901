"""The patches that come with the program: JSON files in ``resources/presets``, one folder for each synth."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from engine.errors import PatchError
from engine.params import Patch

PRESET_FOLDER = Path(__file__).resolve().parents[2] / "resources" / "presets"


def factory_presets(folder: Path = PRESET_FOLDER) -> list[Patch]:
    """Every patch below ``folder``, by synth and then by name.

    Raises :class:`PatchError` naming the file that cannot be read, and for two patches of one synth with one name.
    """
    patches = [_read(path) for path in sorted(folder.glob("*/*.json"))]
    patches.sort(key=lambda p: (p.synth, p.name.casefold()))
    for one, other in pairwise(patches):
        if (one.synth, one.name.casefold()) == (other.synth, other.name.casefold()):
            raise PatchError(f"Two presets of the {one.synth} synth are called {one.name!r}; rename one of them.")
    return patches


def preset_named(name: str, folder: Path = PRESET_FOLDER) -> Patch | None:
    """The preset of that name, in any case of letters; ``None`` when there is none."""
    wanted = name.strip().casefold()
    return next((p for p in factory_presets(folder) if p.name.casefold() == wanted), None)


def _read(path: Path) -> Patch:
    try:
        patch = Patch.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PatchError(f"The preset {path.name} cannot be read: {error}.") from None
    except PatchError as error:
        raise PatchError(f"The preset {path.name} cannot be used. {error}") from None
    if not patch.name:
        raise PatchError(f'The preset {path.name} has no name; add a "name" to it.')
    return patch
