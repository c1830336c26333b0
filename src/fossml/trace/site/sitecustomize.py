"""Loaded by `site` as every Python starts: installs the hook, then makes way for the user's own sitecustomize.

Standard library only, Python >= 3.8. Whatever goes wrong here must not be seen by the program.
"""

# ruff: noqa: PTH100, PTH118, PTH120, SIM105
# pathlib and contextlib would show in sys.modules.

import sys


def _install() -> None:
    import os

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != here]
    sys.path_importer_cache.pop(here, None)
    folder, root = os.environ.get("FOSSML_TRACE_FOLDER"), os.environ.get("FOSSML_TRACE_ROOT")
    if folder and root:
        # A loader caches bytecode; to import the hook would show in sys.modules.
        hook = os.path.join(os.path.dirname(here), "hook.py")
        names = {"__name__": "fossml_trace_hook", "__file__": hook}
        loader = sys.modules["_frozen_importlib_external"].SourceFileLoader
        exec(loader("fossml_trace_hook", hook).get_code("fossml_trace_hook"), names)
        eval("install", names)(folder, root)


def _users_own() -> None:
    spec = sys.modules["_frozen_importlib_external"].PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        # What `site` would have met without us, and takes in silence; it also keeps us out of sys.modules.
        raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
    module = type(sys)("sitecustomize")
    for name, value in (
        ("__spec__", spec),
        ("__loader__", spec.loader),
        ("__file__", spec.origin),
        ("__cached__", spec.cached),
        ("__package__", ""),
    ):
        setattr(module, name, value)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


try:
    _install()
except Exception:
    pass
_users_own()
