"""Arrays of colour numbers into images for the painter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPixmap


def indexed_pixmap(entries: NDArray[np.uint8], colours: list[int], scale: float) -> QPixmap:
    """``entries`` ``[height, width]`` of a colour table as a pixmap of ``scale`` device pixels to the pixel."""
    height, width = entries.shape
    entries = np.ascontiguousarray(entries)
    image = QImage(entries.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(colours)
    # The conversion copies, so the array may go.
    pixmap = QPixmap.fromImage(image.convertToFormat(QImage.Format.Format_RGB32))
    pixmap.setDevicePixelRatio(scale)
    return pixmap
