"""What reading and writing label files by other programs share (round_trips_read.py, round_trips_write.py).

Folders: truth/ and foreign/expected/ hold 16-bit PNGs whose values number the objects of an image.
"""

import numpy as np
import shapely
from PIL import Image


def in_order(numbers):
    """Objects as 1, 2, ... in the order in which rows meet them."""
    flat = numbers.ravel().astype(np.int64)
    values, first = np.unique(flat, return_index=True)
    ordered = values[np.argsort(first)]
    table = np.zeros(int(flat.max()) + 1, np.int64)
    table[ordered[ordered > 0]] = np.arange(1, np.count_nonzero(ordered > 0) + 1)
    return table[flat].reshape(numbers.shape)


def numbers_in(path):
    return np.asarray(Image.open(path)).astype(np.int64)


def centres(height, width):
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return x, y


def inside_shapely(geometry, size):
    """Pixels whose middle lies in a geometry."""
    height, width = size
    out = np.zeros(size, bool)
    x0, y0, x1, y1 = geometry.bounds
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    right, bottom = min(width, int(np.ceil(x1))), min(height, int(np.ceil(y1)))
    if right <= left or bottom <= top:
        return out
    x, y = centres(bottom - top, right - left)
    out[top:bottom, left:right] = shapely.contains_xy(geometry, x + left, y + top)
    return out


def inside_even_odd(points, size):
    """The same of a ring of any kind, by counting crossings."""
    height, width = size
    x, y = centres(height, width)
    inside = np.zeros(size, bool)
    following = np.roll(points, -1, axis=0)
    for (x0, y0), (x1, y1) in zip(points, following):
        if y0 == y1:
            continue
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        rows = (y0 <= y) & (y < y1)
        inside ^= rows & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside


def painted(masks, size):
    numbers = np.zeros(size, np.int64)
    for number, one in enumerate(masks, 1):
        numbers[one] = number
    return numbers
