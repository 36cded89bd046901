"""What went wrong with a file, as one sentence that names the file and the way out."""

from __future__ import annotations

import errno
from pathlib import Path

from engine.errors import AudioExists, AudioUnreadable, AudioUnwritable


def unreadable(error: OSError, path: Path) -> AudioUnreadable:
    """The error to raise when the system refuses to let ``path`` be read."""
    code = error.errno
    if code in (errno.ENOENT, errno.ENOTDIR):
        return AudioUnreadable(f"There is no file {path}: it may have been moved or renamed.")
    if code in (errno.EACCES, errno.EPERM):
        return AudioUnreadable(f"{path.name} may not be read: the system gives no permission to open {path}.")
    if code == errno.EISDIR:
        return is_folder(path)
    if code in (errno.EMFILE, errno.ENFILE):
        return AudioUnreadable(f"{path.name} cannot be opened: too many files are open; close some and try again.")
    if code == errno.ENAMETOOLONG:
        return AudioUnreadable(f"There is no file with a name as long as {path.name[:40]}….")
    if code == errno.ELOOP:
        return AudioUnreadable(f"{path} is a link that leads back to itself, not a file.")
    return AudioUnreadable(f"{path.name} cannot be read: {reason(error)}.")


def is_folder(path: Path) -> AudioUnreadable:
    """The error for a folder given where a file is wanted."""
    return AudioUnreadable(f"{path} is a folder; choose a sound file in it.")


def unwritable(error: OSError, path: Path) -> AudioUnwritable | AudioExists:
    """The error to raise when the system refuses to let ``path`` be written."""
    code = error.errno
    if code == errno.EEXIST:
        return exists(path)
    # The system's own folders, as /proc, say that there is no such file where none can be made.
    is_closed = code == errno.ENOENT and path.parent.is_dir()
    if code in (errno.ENOENT, errno.ENOTDIR) and not is_closed:
        return AudioUnwritable(f"{path.name} cannot be written: there is no folder {path.parent}.")
    if is_closed or code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AudioUnwritable(
            f"{path.name} cannot be written: the folder {path.parent} may not be changed; choose another one."
        )
    if code in (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC):
        return AudioUnwritable(f"{path.name} cannot be written: there is no space left on the disk.")
    if code == errno.EFBIG:
        return AudioUnwritable(f"{path.name} cannot be written: this disk does not hold files as large as that.")
    if code == errno.ENAMETOOLONG:
        return AudioUnwritable(f"The file name {path.name[:40]}… is too long; choose a shorter one.")
    if code == errno.EISDIR:
        return AudioUnwritable(f"{path} is a folder; give the name of a file.")
    return AudioUnwritable(f"{path.name} cannot be written: {reason(error)}.")


def exists(path: Path) -> AudioExists:
    """The error for a target that is already there."""
    return AudioExists(f"{path} is already there; choose another name, or say that it may be replaced.")


def reason(error: BaseException) -> str:
    """The system's or the library's own words for an error, without their full stop."""
    words = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
    return str(words).strip().rstrip(".") or type(error).__name__
