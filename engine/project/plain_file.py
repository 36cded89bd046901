"""Files that are read at once must be files: a pipe would keep whoever reads it waiting, a device may have no end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def plain_file(path: Path) -> os.stat_result:
    """What the system says of the file at ``path``; raises :class:`OSError` where there is none, as for a pipe."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EINVAL, "it is no file but a device or a pipe")
    return status
