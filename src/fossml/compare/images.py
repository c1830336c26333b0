"""Images: their pixels, not how they are packed. Needs Pillow."""

from __future__ import annotations

import warnings
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fossml.compare.model import Budget, CannotCompareError, Comparison, Gap, Part, Tally

FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM")
"""What is opened: none of the formats that Pillow gives to a program of its own."""
_MOST_PIXELS = 100_000_000
_MOST_FRAMES = 1000


def compare_images(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two images frame by frame; CannotCompareError without Pillow."""
    a, b = _open(left), _open(right)
    tally = Tally.of_form(f"{a.format} image")
    if a.format != b.format:
        tally.note(f"format ({a.format}, {b.format})")
    if a.size != b.size:
        tally.differ(Part("size", f"{a.width} x {a.height}", f"{b.width} x {b.height}"))
        return tally.result()
    frames = _frames(a), _frames(b)
    if frames[0] != frames[1]:
        tally.differ(Part("frames", str(frames[0]), str(frames[1])))
    for frame in range(min(frames)):
        budget.step(a.width * a.height)
        _pixels("" if frames[0] == 1 else f"frame {frame + 1}: ", _frame(a, frame), _frame(b, frame), tally)
    if not tally.count and not tally.normalised:
        tally.note("metadata or compression of the image")
    return tally.result()


def _open(stream: IO[bytes]) -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise CannotCompareError("images are compared with Pillow: pip install 'fossml[images]'") from None
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(stream, formats=FORMATS)
    except Exception as error:  # a decoder of another project: it may raise anything
        raise CannotCompareError(f"not an image that Pillow reads: {error}") from error
    if image.width * image.height > _MOST_PIXELS:
        raise CannotCompareError("an image of more pixels than are looked at")
    return image


def _frames(image: Any) -> int:
    return min(int(getattr(image, "n_frames", 1)), _MOST_FRAMES)


def _frame(image: Any, number: int) -> npt.NDArray[Any]:
    """Rows x columns x channels; palettes are looked up, so that an order of colours does not count."""
    try:
        if number or getattr(image, "is_animated", False):
            image.seek(number)
        wide = image.mode in ("I", "F") or image.mode.startswith("I;16")
        pixels = np.asarray(image if wide else image.convert("RGBA"))
    except Exception as error:  # as above
        raise CannotCompareError(f"a damaged image: {error}") from error
    return pixels.reshape(*pixels.shape[:2], -1).astype(np.float64)


def _pixels(where: str, a: npt.NDArray[Any], b: npt.NDArray[Any], tally: Tally) -> None:
    if a.shape != b.shape:
        tally.differ(Part(f"{where}channels", str(a.shape[2]), str(b.shape[2])))
        return
    tally.of += a.shape[0] * a.shape[1]
    apart = np.abs(a - b).max(axis=2)
    rows, columns = np.nonzero(apart)
    if not len(rows):
        return
    largest = float(apart.max())
    box = f"rows {rows.min()}-{rows.max()}, columns {columns.min()}-{columns.max()}"
    gap = Gap(largest, largest / max(float(a.max()), float(b.max()), 1.0))
    tally.differ(Part(f"{where}{box}", f"{len(rows)} pixels", "others", gap), count=len(rows))
