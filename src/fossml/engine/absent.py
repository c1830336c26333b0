"""What is probably meant by a path at which nothing lies."""

from __future__ import annotations

import posixpath
from pathlib import Path

from fossml.project import git


def meant(root: Path, place: str) -> str:
    """`did you mean ...?`: a file of a like name beside `place`, or one of its name elsewhere; "" where there is none.

    Where nothing lies even in its folder, folders of like names count.
    """
    import difflib  # for what is wrong only

    folder, name = posixpath.split(place)
    beside = [posixpath.join(folder, path.name) for path in (root / folder).glob("*")]
    tracked = git.files(root) or ()
    elsewhere = [path for path in tracked if posixpath.basename(path) == name]
    near = difflib.get_close_matches(place, [*beside, *elsewhere], n=1) or elsewhere[:1]
    if not near and not beside:
        near = difflib.get_close_matches(place, tracked, n=1)
    return f"did you mean {near[0]}?" if near else ""
