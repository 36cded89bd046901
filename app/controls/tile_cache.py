"""The spectrogram tiles that were computed lately, for the last few sounds, within a bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from engine.audio.tiles import SpectrogramSettings, Tile
from engine.audio.values import Clip

LIMIT_BYTES = 64 << 20
MOST_CLIPS = 4

Key = tuple[SpectrogramSettings, int, int]


class TileCache:
    """Tiles by clip, settings, level and index; the longest unused ones go first.

    Sounds older than the last :data:`MOST_CLIPS` are forgotten with all their tiles, so that the cache keeps no file
    open for long.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._clips: OrderedDict[Clip, OrderedDict[Key, Tile]] = OrderedDict()

    def use(self, clip: Clip) -> None:
        """This sound is shown now."""
        self._clips.setdefault(clip, OrderedDict())
        self._clips.move_to_end(clip)
        while len(self._clips) > MOST_CLIPS:
            _, tiles = self._clips.popitem(last=False)
            self.size_bytes -= sum(t.db.nbytes for t in tiles.values())

    def knows(self, clip: Clip) -> bool:
        """Whether tiles of this sound would be kept."""
        return clip in self._clips

    def add(self, clip: Clip, tile: Tile, keep: Iterable[Tile] = ()) -> bool:
        """Keep a tile; forget old ones beyond the limit, but none of ``keep``; ``False`` if a better one is known."""
        tiles = self._clips.get(clip)
        if tiles is None:
            return False
        key = (tile.settings, tile.level, tile.index)
        old = tiles.get(key)
        if old is not None:
            if tile.coarse and not old.coarse:
                return False
            self.size_bytes -= old.db.nbytes
        tiles[key] = tile
        tiles.move_to_end(key)
        self.size_bytes += tile.db.nbytes
        if self.size_bytes > self.limit_bytes:
            self._forget({id(t) for t in keep} | {id(tile)})
        return True

    def get(self, clip: Clip, settings: SpectrogramSettings, level: int, index: int) -> Tile | None:
        """The tile, or ``None``; asking counts as use."""
        tiles = self._clips.get(clip)
        if tiles is None:
            return None
        tile = tiles.get((settings, level, index))
        if tile is not None:
            tiles.move_to_end((settings, level, index))
        return tile

    def has_any(self, clip: Clip, settings: SpectrogramSettings) -> bool:
        """Whether there is anything to draw for these."""
        return any(key[0] == settings for key in self._clips.get(clip, ()))

    def _forget(self, kept: set[int]) -> None:
        for tiles in self._clips.values():
            for key in [k for k, t in tiles.items() if id(t) not in kept]:
                if self.size_bytes <= self.limit_bytes:
                    return
                self.size_bytes -= tiles.pop(key).db.nbytes
