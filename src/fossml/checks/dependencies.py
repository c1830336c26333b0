"""Rules on dependencies: declared at all, with a version, and all that is imported."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from fossml.checks.packages import BRINGS, STANDARD, candidates, install_name, is_known
from fossml.checks.places import is_aside
from fossml.checks.rule import failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.scan import Import
from fossml.scan.requirements import Declaration
from fossml.types import Evidence, Finding

_CODE = (".py", ".pyx", ".so", ".pyd", ".pyi", ".cpp", ".c", ".cu")


def third_party(facts: Facts) -> dict[str, list[tuple[str, Import]]]:
    """Distribution to install -> the imports that need it: not of Python, not of the repository."""
    local = _local_names(facts)
    found: dict[str, list[tuple[str, Import]]] = {}
    for path, scan in sorted(facts.scans.items()):
        for item in scan.imports:
            top = item.module.split(".")[0]
            if top not in STANDARD and item.module not in STANDARD and not _is_local(top, path, scan.sys_path, local):
                found.setdefault(install_name(item.module), []).append((path, item))
    return found


def _local_names(facts: Facts) -> dict[str, set[str]]:
    """Module name -> the folders in which the repository has it, "" for the root."""
    local: dict[str, set[str]] = {}
    for path in (*facts.files, *facts.vendored):
        if not path.endswith(_CODE):
            continue
        folder, name = posixpath.split(path)
        local.setdefault(name.split(".")[0], set()).add(folder)
        while folder:
            folder, name = posixpath.split(folder)
            local.setdefault(name, set()).add(folder)
    modules = facts.documents.get(".gitmodules")
    for line in modules.lines if modules else ():
        if "path" in line:
            local.setdefault(posixpath.basename(line.partition("=")[2].strip()), set()).add("")
    return local


def _is_local(name: str, path: str, anywhere: bool, local: Mapping[str, set[str]]) -> bool:
    """Where Python would find it: beside the script, above it, in src/; anywhere if nobody else has that name."""
    folders = local.get(name)
    if folders is None:
        return False
    if anywhere or install_name(name) not in _KNOWN:
        return True
    here = posixpath.dirname(path)
    above = {here, "", "src", "lib", "code"}
    while here:
        here = posixpath.dirname(here)
        above.add(here)
    return bool(folders & above)


_KNOWN = frozenset(BRINGS) | {
    "torch",
    "numpy",
    "tqdm",
    "requests",
    "pillow",
    "pyyaml",
    "networkx",
    "wandb",
    "timm",
    "flax",
    "optax",
}


@rule("DEP001", "no dependency declaration", level="hard", item="D1")
def declared_at_all(facts: Facts) -> Iterator[Finding]:
    """Every package that the code needs is declared in a file that an installer reads.

    Why: a reader who has to guess the packages gives up, or installs versions that give other numbers.

    Bad: `train.py` imports numpy and torch, and there is no requirements.txt, pyproject.toml or environment.yml;
    or the README says "needs PyTorch 1.0".

    Good: a `requirements.txt` with `torch==2.4.1`, a `pyproject.toml` with a lock, an `environment.yml`.

    How it is decided: pass if a requirements file, pyproject.toml, setup.py, setup.cfg, Pipfile, environment.yml, a
    lock or a Dockerfile declares a package. Fail if code imports packages from outside Python and the repository
    and no such file declares any. Commands such as `pip install torch` in a README lower the failure to soft: a
    person can follow them, an installer cannot. Not applicable where nothing from outside is imported.
    """
    needed = third_party(facts)
    declared = [one for one in facts.declarations if one.origin == "file"]
    if declared or facts.dependency_locks:
        files = sorted({one.path for one in declared} | set(facts.dependency_locks))
        yield passed("dependencies", f"declared in {', '.join(files[:4])}", map(_first_line(declared), files))
    elif not needed:
        yield not_applicable("dependencies", "no package from outside is imported")
    elif facts.problems and any(not one.path.endswith((".yaml", ".dvc", ".lock")) for one in facts.problems):
        yield unknown("dependencies", "the file that would declare them cannot be read", facts.problems)
    else:
        told = [one for one in facts.declarations if one.origin == "prose"]
        evidence = [Evidence(p, item.line, item.text) for uses in needed.values() for p, item in uses[:1]]
        names = ", ".join(sorted(needed)[:6]) + (", ..." if len(needed) > 6 else "")
        which = "the package" if len(needed) == 1 else f"any of the {len(needed)} packages"
        message = f"no file declares {which} that the code imports ({names})"
        hint = f"write requirements.txt with {' '.join(sorted(needed)[:6])} and their versions (pip freeze shows them)"
        yield failed("dependencies", message, evidence, hint, level="soft" if told else "hard")


def _first_line(declared: list[Declaration]):  # type: ignore[no-untyped-def]
    first = {one.path: one for one in reversed(declared)}
    return lambda path: Evidence(path, first[path].line, first[path].text) if path in first else Evidence(path)


@rule("DEP002", "declared without a version", level="soft", item="D1")
def pinned(facts: Facts) -> Iterator[Finding]:
    """A declared package has one version, in the declaration or in a lock.

    Why: without a version the reader gets the newest, and a newer library fails or computes something else.

    Bad: `numpy`, `torch>=1.0`, `scikit-learn~=1.2` in a requirements.txt with no lock.

    Good: `numpy==1.26.4`; or any range, with uv.lock, poetry.lock, pdm.lock, Pipfile.lock or pylock.toml beside it.

    How it is decided: `==X`, `===X`, conda's `=X`, Poetry's bare `X`, a commit, tag or file in a URL, and a
    constraint that gives a version count as one version. Extras and files for development or tests are left out.
    A lock anywhere in the repository pins what is declared beside it or below.
    """
    loose = [one for one in _main(facts) if not one.pinned and not _locked(one, facts)]
    fixed = [one for one in _main(facts) if one.pinned or _locked(one, facts)]
    if not loose and not fixed:
        yield not_applicable("versions", "nothing is declared")
    elif not loose:
        evidence = [Evidence(one.path, one.line, one.text) for one in fixed] + [
            Evidence(p) for p in facts.dependency_locks
        ]
        yield passed("versions", f"all {len(fixed)} declared packages have one version", evidence)
    for one in loose:
        said = f"allows many versions ({one.version})" if one.version.strip(" *") else "has no version"
        yield failed(
            one.name,
            f"{one.name} {said}",
            [Evidence(one.path, one.line, one.text)],
            f"write {one.name}==VERSION, the version that gave the results",
        )


def _main(facts: Facts) -> list[Declaration]:
    apart = {"pip", "setuptools", "wheel", "python"}
    mine = [one for one in facts.declarations if one.origin == "file" and not one.extra and one.name not in apart]
    return list({(one.name, one.path): one for one in mine if not is_aside(posixpath.dirname(one.path) + "/")}.values())


def _locked(one: Declaration, facts: Facts) -> bool:
    folders = {posixpath.dirname(lock) for lock in facts.dependency_locks}
    return any(folder == "" or (one.path + "/").startswith(folder + "/") for folder in folders)


@rule("DEP003", "imported but not declared", level="hard", item="D1")
def all_declared(facts: Facts) -> Iterator[Finding]:
    """Every package that is imported is declared.

    Why: the code stops with ModuleNotFoundError on every machine but the author's.

    Bad: `import cv2` in `train.py`, no opencv-python in requirements.txt.

    Good: each import has its distribution in the declaration (`cv2` is opencv-python, `yaml` is pyyaml).

    How it is decided: imports are read from the code. Python's own modules, the repository's modules, and imports
    under `try ... except ImportError` or `TYPE_CHECKING` do not count. Soft where another declared package is
    known to bring it along, where only functions import it, where only tests, docs, examples or setup.py
    import it, and where a README says how to install it. Not applicable where nothing is declared (DEP001 says so).
    """
    names = {one.name for one in facts.declarations if one.origin == "file"}
    if not names:
        yield not_applicable("imports", "nothing is declared")
        return
    brought = {b for name in names for b in BRINGS.get(name, ())}
    told = {one.name for one in facts.declarations if one.origin == "prose"}
    covered: list[Evidence] = []
    for name, uses in sorted(third_party(facts).items()):
        needed = [(path, item) for path, item in uses if not item.optional]
        evidence = [Evidence(path, item.line, item.text) for path, item in needed or uses]
        options = candidates(uses[0][1].module) | {name}
        if options & names or _by_part(uses[0][1].module, names):
            covered += evidence[:1]
        elif needed:
            yield _undeclared(name, options, needed, evidence, brought, told)
    if covered:
        yield passed("imports", f"{len(covered)} imported packages are declared", covered)


def _by_part(module: str, names: set[str]) -> bool:
    """A distribution often adds a word to the name of its module: haven of haven-ai, cupy of cupy-cuda12x."""
    top = module.split(".")[0].replace("_", "-").lower()
    return (top == "cupy" or not is_known(module)) and any(f"-{top}-" in f"-{name}-" for name in names)


def _undeclared(
    name: str,
    options: frozenset[str],
    needed: list[tuple[str, Import]],
    evidence: list[Evidence],
    brought: set[str],
    told: set[str],
) -> Finding:
    module = needed[0][1].module.split(".")[0]
    aside = all(is_aside(path) for path, _ in needed)
    message = f"{module} is imported in {_files(needed)}, and {name} is not declared"
    if options & brought:
        message += " (another declared package brings it along)"
    elif options & told:
        message += " (a text says how to install it)"
    if lazy := all(item.lazy for _, item in needed):
        message += " (imported only inside functions)"
    soft = aside or lazy or bool(options & (brought | told))
    return failed(name, message, evidence, f"declare {name} with its version", level="soft" if soft else "hard")


def _files(uses: list[tuple[str, Import]]) -> str:
    paths = sorted({path for path, _ in uses})
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
