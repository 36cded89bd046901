"""A server on this machine that behaves as the hub does, and as badly as servers do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OWNER = "someone/net"


@dataclass
class Behaviour:
    """What the server has and how it acts; a test changes it at any time."""

    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    """These lie on another host, as large files do."""
    statuses: list[int] = field(default_factory=list)
    """Answers to the next requests in place of files; 0 lets one pass."""
    always: int = 0
    error_code: str = ""
    drops: list[int] = field(default_factory=list)
    """After how many bytes the next answers break off; -1 for never."""
    slow_s: float = 0.0
    """Pause after each thousand bytes."""
    has_ranges: bool = True
    has_etags: bool = True
    lies: dict[str, bytes] = field(default_factory=dict)
    """What is sent in place of a file, whose hash stays what it was."""
    retry_after: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    waiting: threading.Event = field(default_factory=threading.Event)
    """Set when the server is left; ends every pause."""
    sent: int = 0

    def ranges(self) -> list[str]:
        return [headers["range"] for _, headers in self.asked if "range" in headers]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        behaviour = self.server.behaviour
        self.close_connection = True
        headers = {name.lower(): value for name, value in self.headers.items()}
        behaviour.asked.append((self.path, headers))
        status = behaviour.statuses.pop(0) if behaviour.statuses else behaviour.always
        if status:
            more = {"X-Error-Code": behaviour.error_code} if behaviour.error_code else {}
            self._say(status, {**more, "Retry-After": behaviour.retry_after} if behaviour.retry_after else more)
            return
        prefix = f"/{OWNER}/resolve/{COMMIT}/"
        if self.path.startswith(prefix):
            self._hub(unquote(self.path[len(prefix) :]))
        elif self.path.startswith("/blobs/"):
            self._send(unquote(self.path[len("/blobs/") :]), {})
        else:
            self._say(404, {"X-Error-Code": "EntryNotFound"})

    def _hub(self, name: str) -> None:
        content = self.server.behaviour.files.get(name)
        if content is None:
            self._say(404, {"X-Error-Code": "EntryNotFound"})
            return
        said = {"X-Repo-Commit": COMMIT}
        if name in self.server.behaviour.large:
            said["X-Linked-Etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            said["X-Linked-Size"] = str(len(content))
            # Another name for this machine: another host.
            self._say(302, {**said, "Location": f"http://localhost:{self.server.server_port}/blobs/{name}"})
            return
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        self._send(name, {**said, "ETag": f'"{git}"'})

    def _send(self, name: str, said: dict[str, str]) -> None:
        behaviour = self.server.behaviour
        if name not in behaviour.files:
            self._say(404, {})
            return
        etag = said.pop("ETag", f'"{hashlib.md5(behaviour.files[name]).hexdigest()}"')
        if behaviour.has_etags:
            said["ETag"] = etag
        content = behaviour.lies.get(name, behaviour.files[name])
        first, status = 0, 200
        wanted = self.headers.get("Range", "")
        if wanted and behaviour.has_ranges and self.headers.get("If-Range", etag) == etag:
            first, status = int(wanted.removeprefix("bytes=").rstrip("-")), 206
            if first >= len(content):
                self._say(416, {"Content-Range": f"bytes */{len(content)}"})
                return
            said["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self.send_response(status)
        for key, value in {**said, "Content-Length": str(len(content) - first)}.items():
            self.send_header(key, value)
        self.end_headers()
        rest = content[first:]
        limit = behaviour.drops.pop(0) if behaviour.drops else -1
        try:
            for start in range(0, len(rest), 1000):
                if 0 <= limit <= start or behaviour.waiting.is_set():
                    return
                behaviour.sent += len(rest[start : start + 1000])
                self.wfile.write(rest[start : start + 1000])
                if behaviour.slow_s:
                    self.wfile.flush()
                    behaviour.waiting.wait(behaviour.slow_s)
        except OSError:
            return  # Whoever asked has left.

    def _say(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(key, value)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour = behaviour


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """A server that acts so, by its address."""
    server = _Server(behaviour)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="weight server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        behaviour.waiting.set()
        server.shutdown()
        server.server_close()
        thread.join()


def write_catalogue(path: Path, files: dict[str, bytes], gated: bool = False) -> Path:
    """A catalogue with one net, ``net``, that has these files; hashes of large ones are known."""
    rows = []
    for name, data in files.items():
        known = f', bytes = {len(data)}, sha256 = "{hashlib.sha256(data).hexdigest()}"' if len(data) > 1000 else ""
        rows.append(f'  {{ path = "{name}"{known} }},\n')
    path.write_text(
        '[own]\n\n[hub]\naddress = "https://hub.example"\n\n[[weight]]\n'
        'id = "net"\ntitle = "The Net"\npurpose = "prior: tests"\n'
        f'source = "hf:{OWNER}"\nrevision = "{COMMIT}"\nlayout = "diffusers"\n'
        'licence = "CC BY 4.0"\nlicence_id = "CC-BY-4.0"\nlicence_url = "https://example.org/licence"\n'
        f'terms = "Name its makers."\nvram_gib = 0.1\ngated = {str(gated).lower()}\nfiles = [\n{"".join(rows)}]\n',
        encoding="utf-8",
    )
    return path
