"""The Hugging Face hub: where a file lies on it, who a person is there, and what its other programs have fetched.

The same environment variables count as for those: ``HF_ENDPOINT HF_TOKEN HF_TOKEN_PATH HF_HOME HF_HUB_CACHE
HF_HUB_OFFLINE``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from engine.weights.catalog import Weight, WeightFile, hub_address

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_YES = {"1", "true", "yes", "on"}


def address(weight: Weight, file: WeightFile) -> str:
    """Where one file of a net is fetched from."""
    path = quote(file.path)
    if weight.repository:
        return f"{_endpoint()}/{weight.repository}/resolve/{quote(weight.revision or 'main', safe='')}/{path}"
    return f"{weight.source.rstrip('/')}/{path}"


def tokens_page() -> str:
    """Where a person makes a token."""
    return f"{hub_address()}/settings/tokens"


def is_offline() -> bool:
    """Whether the person has said that nothing may be fetched."""
    return any(os.environ.get(name, "").lower() in _YES for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))


def token_for(url: str) -> str:
    """The person's token when ``url`` leads to the hub, else nothing: nobody else may see it."""
    if urlsplit(url).netloc != urlsplit(_endpoint()).netloc:
        return ""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if token := os.environ.get(name, "").strip():
            return token
    named = os.environ.get("HF_TOKEN_PATH")
    try:
        return (Path(named) if named else _home() / "token").read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def snapshots(weight: Weight) -> Iterator[Path]:
    """Folders in the hub's cache that may hold ``weight``: first the wanted revision, then others, newest first."""
    if not weight.repository:
        return
    folder = _cache() / f"models--{weight.repository.replace('/', '--')}" / "snapshots"
    try:
        found = sorted((path for path in folder.iterdir() if path.is_dir()), key=_changed, reverse=True)
    except OSError:
        return
    yield from sorted(found, key=lambda path: path.name != weight.revision)


def blob_name(path: Path) -> str:
    """What the hub's cache calls the contents of a file in a snapshot (a sha256, or git's hash); empty elsewhere."""
    try:
        target = path.readlink()
    except OSError:
        return ""
    return target.name if target.parent.name == "blobs" and _HASH.fullmatch(target.name) else ""


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or hub_address()


def _home() -> Path:
    named = os.environ.get("HF_HOME")
    cache = os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named).expanduser()
    return (Path(cache).expanduser() if cache else Path.home() / ".cache") / "huggingface"


def _cache() -> Path:
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return Path(named).expanduser() if named else _home() / "hub"
