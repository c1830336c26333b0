"""Rules on what code fetches while it runs."""

from __future__ import annotations

from collections.abc import Iterator

from fossml.checks.places import is_test
from fossml.checks.rule import at, failed, passed, rule
from fossml.facts import Facts
from fossml.types import Finding


@rule("DL001", "download without digest", level="soft", item="C4")
def downloads(facts: Facts) -> Iterator[Finding]:
    """What code downloads is compared with a digest.

    Why: what an address gives changes or goes away, and then the numbers change with nothing to show for it.

    Bad: `urllib.request.urlretrieve("https://host/birds.csv", "birds.csv")`, `wget` in a script.

    Good: the same followed by a comparison of its SHA-256, `pooch.retrieve(url, known_hash=...)`,
    `hf_hub_download(..., revision="COMMIT")`, or `dvc import-url`, which records the digest.

    How it is decided: calls of urlretrieve, wget, gdown, get_file, torch.hub, pooch, huggingface_hub and
    load_dataset; requests.get, urlopen and pandas.read_csv with the address of a file of data; wget, curl and gdown
    in scripts, notebooks and subprocesses. A keyword that fixes what is fetched counts, and so does a digest
    (sha256, md5, checksum) anywhere in the same file. Loaders that check digests themselves (torchvision.datasets)
    are not listed.
    """
    found = [
        (path, mark) for path, scan in sorted(facts.scans.items()) if not is_test(path) for mark in scan.of("download")
    ]
    bare = [(path, mark) for path, mark in found if mark.group != "checked"]
    for path, mark in bare:
        yield failed(
            mark.what,
            f"what {mark.what} gives is not compared with a digest",
            [at(path, mark)],
            "compare its SHA-256, or record it with dvc import-url",
        )
    if found and not bare:
        yield passed("downloads", f"{len(found)} downloads are compared with a digest", [at(*one) for one in found])
