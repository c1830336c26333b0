"""What is learned from data before it is split into training and test: from the syntax tree, nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fossml.scan.text import shown
from fossml.types import Evidence
from fossml.verify.controls.chance import called, tree_of

_LEARNS = re.compile(
    r"Scaler$|^(Incremental|Sparse|Kernel|Truncated)?(PCA|SVD)$|^FastICA$|^NMF$|^Select[A-Z]|^RFE(CV)?$|VarianceThreshold|"
    r"Imputer$|Transformer$|^Normalizer$|TargetEncoder|LeaveOneOutEncoder|CatBoostEncoder|WOEEncoder|KBinsDiscretizer|"
    r"(Tfidf|Count)Vectorizer|LinearDiscriminantAnalysis|SMOTE|ADASYN|Over[Ss]ampler|^PLS|^LatentDirichletAllocation$"
)
_HARMLESS = re.compile(r"^(Function|Column|Label|Ordinal|OneHot)|^Normalizer$")
_SPLITS = frozenset(
    {"train_test_split", "cross_val_score", "cross_validate", "cross_val_predict", "random_split", "learning_curve"}
)
_SPLITTERS = re.compile(r"(KFold|ShuffleSplit|LeaveOneOut|LeaveP|TimeSeriesSplit|GroupKFold)")
_SCORES = frozenset(
    {"corrcoef", "f_classif", "f_regression", "mutual_info_classif", "chi2", "pearsonr", "corr", "corrwith"}
)
_MOMENTS = frozenset({"mean", "std", "var", "min", "max", "nanmean", "nanstd", "average", "fmean", "stdev", "pstdev"})
_TRAIN = re.compile(r"(^|_)(train|trn|tr|fit)($|_|\d)|train", re.I)
_TARGET = re.compile(r"^(y|labels?|targets?)(_|$|\d)", re.I)


@dataclass(frozen=True, slots=True)
class Leak:
    """`what` was fitted at `fit` on data that is split at `split` (None: in another file)."""

    what: str
    fit: Evidence
    split: Evidence | None


@dataclass(slots=True)
class _Known:
    """What is known of the names of one scope, statement by statement."""

    makers: dict[str, str] = field(default_factory=dict)
    fitted: dict[str, tuple[str, ast.AST, str]] = field(default_factory=dict)
    stats: dict[str, tuple[str, ast.AST, frozenset[str]]] = field(default_factory=dict)
    tainted: dict[str, tuple[str, ast.AST]] = field(default_factory=dict)
    split: set[str] = field(default_factory=set)
    cuts: dict[str, set[str]] = field(default_factory=dict)
    helpers: dict[str, tuple[str, ast.AST]] = field(default_factory=dict)
    """Functions of the file that return what they have fitted on their first argument."""
    given_back: tuple[str, ast.AST] | None = None


def in_file(root: Path, path: str) -> tuple[list[Leak], bool, list[Leak]]:
    """The leaks in one file, whether it splits data at all, and what it fits on unsplit data and writes for others."""
    read = tree_of(root / path)
    if read is None:
        return [], False, []
    found = _Search(path, read[1])
    found.scope(read[0].body, _Known())
    return found.leaks, found.splits, [] if found.splits else found.written


class _Search:
    """Goes through a file, scope by scope, in the order in which statements stand."""

    def __init__(self, path: str, lines: list[str]) -> None:
        self.path, self.lines = path, lines
        self.leaks: list[Leak] = []
        self.written: list[Leak] = []
        self.splits = False

    def scope(self, body: Iterable[ast.stmt], known: _Known) -> None:
        """One block; functions are scopes of their own that know what stands around them."""
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = _Known(makers=dict(known.makers), helpers=dict(known.helpers))
                self.scope(node.body, inner)
                if isinstance(node, ast.FunctionDef) and inner.given_back and node.args.args:
                    known.helpers[node.name] = inner.given_back
                continue
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
                self._expression(node.value, known)
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self._assign(targets, node.value, known)
            elif isinstance(node, ast.Expr | ast.Return) and node.value is not None:
                self._expression(node.value, known)
                if isinstance(node, ast.Return):
                    known.given_back = known.given_back or self._taint(node.value, _calls(node.value), known)
            else:
                self._heads(node, known)
            for name in ("body", "orelse", "finalbody"):
                self.scope(getattr(node, name, []), known)
            for handler in getattr(node, "handlers", []):
                self.scope(handler.body, known)

    def _heads(self, node: ast.stmt, known: _Known) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expression(child, known)
            elif isinstance(child, ast.withitem):
                self._expression(child.context_expr, known)

    # expressions

    def _expression(self, value: ast.expr, known: _Known) -> None:
        for node in ast.walk(value):
            if isinstance(node, ast.Call):
                self._call(node, known)
            elif isinstance(node, ast.Subscript):
                self._cut(node, known)

    def _call(self, node: ast.Call, known: _Known) -> None:
        name = called(node)
        if name == "fit" and (what := _learner(node, known)) and node.args and isinstance(node.func, ast.Attribute):
            on = _base(node.args[0])
            if on and self._whole(on, known) and isinstance(node.func.value, ast.Name):
                known.fitted[node.func.value.id] = (what, node, on)
        splits = name in _SPLITS or (name == "split" and self._is_splitter(node, known))
        self.splits = self.splits or splits
        for argument in node.args if splits else ():
            if isinstance(argument, ast.Call) and (what := self._fit_inside(argument, known)):
                self._found(what, argument, node)
            for used in sorted(_names(argument) & known.tainted.keys()):
                self._found(*known.tainted[used], node)
        writes = name in ("to_csv", "to_parquet", "to_pickle", "to_feather", "save", "savez", "dump", "savetxt")
        for used in sorted(_names(node) & known.tainted.keys()) if writes else ():
            what, fit = known.tainted[used]
            self.written.append(Leak(what, self._at(fit), None))

    def _is_splitter(self, node: ast.Call, known: _Known) -> bool:
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(owner, ast.Call):
            return bool(_SPLITTERS.search(called(owner)))
        return isinstance(owner, ast.Name) and bool(_SPLITTERS.search(known.makers.get(owner.id, "")))

    def _cut(self, node: ast.Subscript, known: _Known) -> None:
        """`X[:n]` and `X[n:]`, or `X[train]` and `X[test]`: a split by hand."""
        base = _base(node.value)
        first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        if base is None:
            return
        side = ""
        if isinstance(first, ast.Slice) and first.step is None and (first.lower is None) != (first.upper is None):
            side = "end" if first.lower is not None else "start"
        elif isinstance(first, ast.Name) and (word := re.search(r"train|test|val", first.id, re.I)):
            side = "start" if word[0].lower() == "train" else "end"
        if side:
            known.cuts.setdefault(base, set()).add(side)
            if len(known.cuts[base]) == 2:
                self.splits = True
                if base in known.tainted:
                    self._found(*known.tainted[base], node)

    def _fit_inside(self, node: ast.Call, known: _Known) -> str:
        """What `node` learns from unsplit data as it changes it: `fit_transform`, `fit_resample`."""
        if called(node) not in ("fit_transform", "fit_resample", "fit_sample") or not node.args:
            return ""
        on = _base(node.args[0])
        return _learner(node, known) if on is None or self._whole(on, known) else ""

    def _helper(self, node: ast.Call, known: _Known) -> tuple[str, ast.AST] | None:
        """A function of the file that fits, called with unsplit data."""
        if not isinstance(node.func, ast.Name) or node.func.id not in known.helpers or not node.args:
            return None
        on = _base(node.args[0])
        return known.helpers[node.func.id] if on is None or self._whole(on, known) else None

    def _whole(self, name: str, known: _Known) -> bool:
        """Whether a name stands for data that was not split yet, as far as can be seen."""
        return not (_TRAIN.search(name) or name in known.split)

    # assignments

    def _assign(self, targets: Iterable[ast.expr], value: ast.expr, known: _Known) -> None:
        names = [name for target in targets for name in _stored(target)]
        rebound = [name for target in targets if not isinstance(target, ast.Subscript) for name in _stored(target)]
        calls = _calls(value)
        if any(called(one) in _SPLITS or (called(one) == "split" and self._is_splitter(one, known)) for one in calls):
            known.split |= set(names)
            self._forget(names, known)
            return
        if isinstance(value, ast.Call) and len(names) == 1:
            known.makers[names[0]] = called(value)
        if taint := self._taint(value, calls, known):
            self._forget(names, known)
            known.tainted.update(dict.fromkeys(names, taint))
            return
        stat = _statistic(value, calls, known)
        self._forget(rebound, known)  # a column that is set leaves the others as they were
        if stat and not any(_TRAIN.search(one) or one in known.split or _TARGET.search(one) for one in stat[2]):
            known.stats.update(dict.fromkeys(names, stat))

    def _forget(self, names: Iterable[str], known: _Known) -> None:
        for name in names:
            known.tainted.pop(name, None)
            known.stats.pop(name, None)
            known.cuts.pop(name, None)

    def _taint(self, value: ast.expr, calls: Iterable[ast.Call], known: _Known) -> tuple[str, ast.AST] | None:
        for node in calls:
            if what := self._fit_inside(node, known):
                return what, node
            if helper := self._helper(node, known):
                return helper
            if called(node) == "transform" and isinstance(node.func, ast.Attribute) and node.args:
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                if owner in known.fitted and _base(node.args[0]) == known.fitted[owner][2]:
                    return known.fitted[owner][0], known.fitted[owner][1]
        used = _names(value)
        carried = sorted(used & known.tainted.keys())
        if carried and not _is_model(value):
            return known.tainted[carried[0]]
        for name in sorted(used & known.stats.keys()):
            what, at, sources = known.stats[name]
            if sources & used and _applies(value, name):
                return what, at
        return self._inline(value, known)

    def _inline(self, value: ast.expr, known: _Known) -> tuple[str, ast.AST] | None:
        """`(X - X.mean()) / X.std()` in one expression."""
        for node in ast.walk(value):
            if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Sub | ast.Div):
                continue
            left, moments = _base_names(node.left), [c for c in ast.walk(node.right) if isinstance(c, ast.Call)]
            for call in moments:
                on = _moment(call)
                scales = isinstance(node.op, ast.Div) or called(call) in ("mean", "nanmean", "average")
                if on and on in left and scales and self._whole(on, known) and not _TARGET.search(on):
                    return f"the {called(call)} of {on}", call
        return None

    # findings

    def _at(self, node: ast.AST) -> Evidence:
        line = getattr(node, "lineno", 1)
        return Evidence(self.path, line, shown(self.lines[line - 1].strip()))

    def _found(self, what: str, fit: ast.AST, split: ast.AST) -> None:
        leak = Leak(what, self._at(fit), self._at(split))
        if leak not in self.leaks:
            self.leaks.append(leak)


def _calls(value: ast.expr) -> list[ast.Call]:
    return [node for node in ast.walk(value) if isinstance(node, ast.Call)]


def _learner(node: ast.Call, known: _Known) -> str:
    """The class of the object whose method is called, where it learns from data what a test must not tell it."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    name = (
        called(owner)
        if isinstance(owner, ast.Call)
        else known.makers.get(owner.id, "")
        if isinstance(owner, ast.Name)
        else ""
    )
    return name if name and _LEARNS.search(name) and not _HARMLESS.search(name) else ""


def _statistic(value: ast.expr, calls: Iterable[ast.Call], known: _Known) -> tuple[str, ast.AST, frozenset[str]] | None:
    """A mean, a correlation of whole data: what it is, where, and of which names."""
    for call in calls:
        if called(call) in _SCORES:
            on = {name for argument in call.args for name in _base_names(argument)}
            on |= {_base(call.func.value) or ""} if isinstance(call.func, ast.Attribute) else set()
            return (
                f"a score of columns ({called(call)})",
                call,
                frozenset(name for name in on if not _TARGET.search(name)),
            )
        if on_one := _moment(call):
            return f"the {called(call)} of {on_one}", call, frozenset({on_one})
    for name in sorted(_names(value) & known.stats.keys()):
        return known.stats[name]
    return None


def _moment(call: ast.Call) -> str:
    """The name whose mean, deviation or range is taken: `X.mean()`, `np.mean(X, axis=0)`."""
    if called(call) not in _MOMENTS or not isinstance(call.func, ast.Attribute):
        return ""
    owner = _base(call.func.value) or ""
    if owner in ("np", "numpy", "torch", "statistics", "tf"):
        return (_base(call.args[0]) or "") if call.args else ""
    return owner


def _applies(value: ast.expr, name: str) -> bool:
    """Whether a statistic is used on data in arithmetic, or to choose columns; not to compare or to print."""
    for node in ast.walk(value):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div) and name in _names(node.right):
            return True
        if isinstance(node, ast.Subscript) and name in _names(node.slice):
            return not any(isinstance(inner, ast.Compare) for inner in ast.walk(node.slice))
    return False


def _is_model(value: ast.expr) -> bool:
    """A fitted model or a score is no data any more."""
    return isinstance(value, ast.Call) and called(value) in ("fit", "predict", "score", "predict_proba", "print", "len")


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _base_names(node: ast.AST) -> set[str]:
    return _names(node)


def _base(node: ast.expr) -> str | None:
    """`X` of `X`, `X.values`, `X[cols]`, `X.iloc[:, 1:]`, `X.drop(...)`, `np.asarray(X)`."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            return None


def _stored(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            yield from _stored(one)
    elif isinstance(target, ast.Subscript) and (name := _base(target)):
        yield name
