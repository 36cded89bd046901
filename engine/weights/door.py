"""The one door to the network: an answer to a GET request that comes piece by piece and can be left at any moment.

The request runs on a thread of its own, because nothing can interrupt a thread that waits for a name, a connection or
bytes; whoever takes the pieces only ever waits for a tenth of a second.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from engine import __version__

TIMEOUT_S = 30.0
"""Longest wait for a connection, and for the next bytes of one."""
LOOK_S = 0.1
_PIECE_BYTES = 256 * 1024
_PIECES_AHEAD = 8
_NETWORK = (OSError, http.client.HTTPException)


class Refused(Exception):
    """The server has answered, and the answer is no: ``status`` and its headers."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"answer {status}")
        self.status, self.headers = status, headers


class Broken(Exception):
    """The server could not be reached, or the connection broke; ``str()`` says how.

    ``is_final`` when trying again would not help.
    """

    def __init__(self, words: str, is_final: bool = False) -> None:
        super().__init__(words)
        self.is_final = is_final


class Answer:
    """The headers of an answer, and of what led to it: the hub says of a file what it is, and sends on for its bytes.

    ``headers`` names are in small letters.
    """

    def __init__(self, status: int, headers: Mapping[str, str], on_the_way: Mapping[str, str]) -> None:
        self.status, self.headers, self.on_the_way = status, headers, on_the_way


class Stream:
    """One GET request: :meth:`answer`, then :meth:`pieces`, then :meth:`close`, which may come at any time."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = {"User-Agent": f"tonewright/{__version__}", "Accept-Encoding": "identity", **headers}
        self._pieces: queue.Queue[Answer | bytes | Exception | None] = queue.Queue(_PIECES_AHEAD)
        self._left = threading.Event()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, name="fetching", daemon=True)
        self._thread.start()

    def answer(self) -> Generator[None, None, Answer]:
        """Yields while there is none; raises :class:`Refused` or :class:`Broken`."""
        while (found := self._take()) is _NOTHING:
            yield
        assert isinstance(found, Answer)
        return found

    def pieces(self) -> Generator[bytes, None, None]:
        """The bytes as they come; an empty piece when none came for a moment. Raises :class:`Broken`."""
        while True:
            found = self._take()
            if found is None:
                return
            yield found if isinstance(found, bytes) else b""

    def close(self) -> None:
        """Leave, whatever the thread waits for."""
        self._left.set()
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(0.5)

    def _take(self) -> Answer | bytes | _Nothing | None:
        try:
            found = self._pieces.get(timeout=LOOK_S)
        except queue.Empty:
            return _NOTHING
        if isinstance(found, Exception):
            raise found
        return found

    def _put(self, piece: Answer | bytes | Exception | None) -> None:
        while not self._left.is_set():
            try:
                self._pieces.put(piece, timeout=LOOK_S)
            except queue.Full:
                continue
            return

    # -- on the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            request = urllib.request.Request(self._url, headers=self._headers)
            redirects = _Redirects()
            opener = urllib.request.build_opener(_Http(self._sockets), _Https(self._sockets), redirects)
            with opener.open(request, timeout=TIMEOUT_S) as reply:
                self._put(Answer(reply.status, _small(reply.headers), redirects.on_the_way))
                while not self._left.is_set() and (piece := reply.read1(_PIECE_BYTES)):
                    self._put(piece)
            self._put(None)
        except urllib.error.HTTPError as error:
            with error:
                self._put(Refused(error.code, _small(error.headers)))
        except _NETWORK as error:
            self._put(_broken(error))
        except Exception as error:  # noqa: BLE001 (raised where it is waited for)
            self._put(error)


class _Nothing:
    """Nothing has come yet."""


_NOTHING = _Nothing()


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows, remembers what was said on the way, and shows a person's token to nobody but who was asked."""

    def __init__(self) -> None:
        self.on_the_way: dict[str, str] = {}

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        self.on_the_way.update(_small(headers))
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        if here.scheme == "https" and there.scheme != "https":
            raise Broken(f"{here.hostname} sends on to {there.hostname} without encryption", is_final=True)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
        if request is not None and here.netloc != there.netloc:
            request.remove_header("Authorization")
        return request


class _Http(urllib.request.HTTPHandler):
    """Tells which socket it uses, so that it can be left."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__()
        self._sockets = sockets

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_telling(http.client.HTTPConnection, self._sockets), req)


class _Https(urllib.request.HTTPSHandler):
    """The same, encrypted."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__()
        self._sockets = sockets

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_telling(http.client.HTTPSConnection, self._sockets), req, context=_trusted())


def _telling(kind: type[http.client.HTTPConnection], sockets: list[socket.socket]) -> Any:
    class Telling(kind):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    return Telling


def _small(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _trusted() -> ssl.SSLContext:
    """Whom to believe: the system's authorities, and those that come as a package for systems without any."""
    context = ssl.create_default_context()
    with contextlib.suppress(ImportError, OSError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _broken(error: Exception) -> Broken:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return Broken(f"no answer within {TIMEOUT_S:g} s")
    if isinstance(reason, socket.gaierror):
        return Broken("the server's name is not known; is this machine online?")
    if isinstance(reason, ssl.SSLCertVerificationError):
        words = f"the server's certificate is not trusted ({reason.verify_message})"
        return Broken(f"{words}; is the clock of this machine right, or is there a proxy?", is_final=True)
    return Broken(str(getattr(reason, "strerror", None) or reason or type(reason).__name__))
