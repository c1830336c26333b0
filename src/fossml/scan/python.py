"""What a Python source says, from its syntax tree: imports, seeds, random calls, paths, files, downloads."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fossml.scan import calls, learning
from fossml.scan.model import Import, Mark, MarkKind
from fossml.scan.names import Names, is_false, is_true, said, strings
from fossml.scan.text import compares_digest, machine_paths, shown

_CLOCK = re.compile(r"\btime\b|datetime|urandom|getpid|randint|randrange")
_OPTIONAL = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_DATA_SUFFIX = re.compile(
    r"\.(csv|tsv|npy|npz|h5|hdf5|mat|parquet|feather|pkl|pickle|joblib|jsonl|arff|xlsx?|pt|pth|ckpt|json|txt|dat|data|nii|zip|gz|png|jpe?g)$"
)


@dataclass(slots=True)
class PythonScan:
    """What was found in one source, in the order of the file."""

    imports: list[Import] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    main: int | None = None
    acts: bool = False
    sys_path: bool = False


def parse(source: str) -> ast.Module:
    """The syntax tree; raises SyntaxError for what Python 3 cannot read, whatever the reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from error


def scan_python(source: str) -> PythonScan:
    """Scan one source. Raises SyntaxError where it is not Python 3."""
    tree = parse(source)
    visitor = _Visitor(source)
    try:
        visitor.learn(tree)
        visitor.visit(tree)
    except RecursionError as error:
        raise SyntaxError("nested deeper than is looked at") from error
    visitor.found.acts = any(_acts(node) for node in tree.body)
    return visitor.found


def _acts(node: ast.stmt) -> bool:
    """True for a statement that does something when the file runs: not an import, definition or constant."""
    if isinstance(node, (ast.For, ast.While, ast.With)):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and {"__name__", "__main__"} <= {
        part.id if isinstance(part, ast.Name) else getattr(part, "value", None)
        for part in (test.left, *test.comparators)
    }


def _is_typing(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _catches_import(handlers: Sequence[ast.ExceptHandler]) -> bool:
    names = {node.id for h in handlers if h.type for node in ast.walk(h.type) if isinstance(node, ast.Name)}
    return any(h.type is None for h in handlers) or bool(names & _OPTIONAL)


_LEAVES = frozenset({ast.Load, ast.Store, ast.Del, ast.Name, ast.alias, ast.Pass, ast.Add, ast.Sub, ast.Mult, ast.Div})


class _Visitor(Names):
    """Walks the tree once."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.lines = source.splitlines()
        self.found = PythonScan()
        self.optional = 0
        self.functions = 0
        self.source = source

    def visit(self, node: ast.AST) -> None:
        """Call what is made for this kind of node, else look inside."""
        step = _STEPS.get(type(node))
        if step is None:
            self.inside(node)
        else:
            step(self, node)

    def inside(self, node: ast.AST) -> None:
        """As the standard one, without the leaves that say nothing here: this is where the time goes."""
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST) and type(item) not in _LEAVES:
                        self.visit(item)
            elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
                self.visit(value)

    # marks

    def text(self, node: ast.AST) -> str:
        """The line on which a node begins."""
        line = getattr(node, "lineno", 0)
        return shown(self.lines[line - 1]) if 0 < line <= len(self.lines) else ""

    def mark(self, kind: MarkKind, node: ast.expr, what: str, group: str = "") -> None:
        """Note something on the node's line."""
        self.found.marks.append(Mark(kind, node.lineno, what, self.text(node), group))

    # statements

    def on_import(self, node: ast.Import) -> None:
        """Note the modules."""
        for alias in node.names:
            self.found.imports.append(
                Import(alias.name, node.lineno, self.text(node), self.optional > 0, self.functions > 0)
            )

    def on_import_from(self, node: ast.ImportFrom) -> None:
        """Note the module; a relative import is always of the repository."""
        if node.level == 0 and node.module:
            self.found.imports.append(
                Import(node.module, node.lineno, self.text(node), self.optional > 0, self.functions > 0)
            )

    def on_try(self, node: ast.Try) -> None:
        """Imports that may fail are optional, and so is what replaces them."""
        optional = _catches_import(node.handlers)
        self.optional += optional
        for statement in [*node.body, *node.handlers]:
            self.visit(statement)
        self.optional -= optional
        for statement in [*node.orelse, *node.finalbody]:
            self.visit(statement)

    def on_if(self, node: ast.If) -> None:
        """Find the main guard; what only a type checker imports is optional."""
        if _is_main(node.test):
            self.found.main = node.lineno
        typing = _is_typing(node.test)
        self.optional += typing
        self.inside(node)
        self.optional -= typing

    def on_function_def(self, node: ast.FunctionDef) -> None:
        """What a function imports is imported when it is called; its name may say that it trains or measures."""
        if kind := learning.defined(node.name):
            self.found.marks.append(Mark(kind, node.lineno, node.name, self.text(node), "definition"))
        self.functions += 1
        self.inside(node)
        self.functions -= 1

    def on_expr(self, node: ast.Expr) -> None:
        """A string that stands alone is documentation."""
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.inside(node)

    def on_constant(self, node: ast.Constant) -> None:
        """Note paths of one machine."""
        if isinstance(node.value, str) and 3 < len(node.value) < 1000 and ("/" in node.value or "\\" in node.value):
            self.found.marks.extend(machine_paths(node.value, node.lineno, self.text(node)))

    # calls

    def on_call(self, node: ast.Call) -> None:
        """Note what the call means."""
        name = self.dotted(node.func)
        tail = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        keywords = {word.arg: word.value for word in node.keywords}
        if name.startswith("sys.path."):
            self.found.sys_path = True
        if flag := self.flag(node, tail):
            self.mark("flag", node, flag)
            self.hyperparameter(node, flag, keywords.get("default"), "flag")
        for word in node.keywords:
            if word.arg:
                self.hyperparameter(node, word.arg, word.value, "argument")
        if kind := learning.called(name, tail):
            self.mark(kind, node, name or f"?.{tail}")
        elif tail in learning.REPORTING and learning.reports(words := " ".join(said(node.args))):
            self.mark("metric", node, shown(words), "report")
        self._chance(node, name, tail, keywords)
        self._files(node, name, tail, keywords)
        self._network(node, name, keywords)
        self.inside(node)

    def flag(self, node: ast.Call, tail: str) -> str | None:
        """The flag that a call defines: the last name that argparse or click gets, the first of absl's."""
        if tail in {"add_argument", "option", "add_option"}:
            return self.literal(node.args[-1] if node.args else None)
        return self.literal(node.args[0]) if tail.startswith("DEFINE_") and node.args else None

    def hyperparameter(self, node: ast.expr, name: str, value: ast.expr | None, written: str) -> None:
        """Note a number that is written out for a name that hyper-parameters go by."""
        number = isinstance(value, ast.Constant) and type(value.value) in {int, float}
        if number and learning.is_hyperparameter(name):
            self.mark("hyper-parameter", node, f"{name.lstrip('-')}={ast.unparse(value)}", written)  # type: ignore[arg-type]

    def on_assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        """A constant, or the field of a class of settings."""
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if isinstance(target, ast.Name):
            self.hyperparameter(target, target.id, node.value, "constant")
        self.inside(node)

    def _chance(self, node: ast.Call, name: str, tail: str, keywords: dict[str | None, ast.expr]) -> None:
        for group in calls.seeded_by(name):
            self._seed(node, name, group, keywords)
        if group := calls.RANDOM_CALLS.get(name, ""):
            self.mark("random", node, name, group)
        elif tail == "DataLoader" and is_true(keywords.get("shuffle")) and "generator" not in keywords:
            self.mark("random", node, name, "torch")
        elif name.startswith(("sklearn.", "imblearn.")):
            self._random_state(node, name, tail, keywords)

    def _seed(self, node: ast.Call, name: str, group: str, keywords: dict[str | None, ast.expr]) -> None:
        value = node.args[0] if node.args else keywords.get("seed")
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            self.mark("random", node, f"{name}()", group)
        else:
            self.mark("clock seed" if _CLOCK.search(ast.unparse(value)) else "seed", node, name, group)

    def _random_state(self, node: ast.Call, name: str, tail: str, keywords: dict[str | None, ast.expr]) -> None:
        shuffled = tail in calls.ONLY_IF_SHUFFLED and is_true(keywords.get("shuffle"))
        if (tail not in calls.TAKES_RANDOM_STATE and not shuffled) or None in keywords:
            return
        if tail == "train_test_split" and is_false(keywords.get("shuffle")):
            return
        value = keywords.get("random_state")
        unset = value is None or (isinstance(value, ast.Constant) and value.value is None)
        self.mark("random" if unset else "seed", node, name, "sklearn")

    def _files(self, node: ast.Call, name: str, tail: str, keywords: dict[str | None, ast.expr]) -> None:
        first = self.literal(node.args[0]) if node.args else None
        if name in calls.READS and first:
            self._file("read", node, first)
        elif name in {"open", "io.open", "codecs.open", "gzip.open"} and first:
            mode = self.literal(node.args[1] if len(node.args) > 1 else keywords.get("mode")) or "r"
            self._file("write" if set(mode) & set("wax+") else "read", node, first)
        elif name in calls.WRITES_SECOND and len(node.args) > 1:
            self._file("write", node, self.literal(node.args[1]))
        elif name in calls.WRITES or tail in calls.WRITE_METHODS:
            self._file("write", node, first)

    def _file(self, kind: MarkKind, node: ast.Call, path: str | None) -> None:
        if path and _DATA_SUFFIX.search(path.lower()) and "://" not in path and not re.search(r"[*%{}<>\n]", path):
            self.mark(kind, node, path)

    def checked(self) -> str:
        """Whether the file speaks of a digest, as the `group` of a download."""
        return "checked" if compares_digest(self.source) else ""

    def _network(self, node: ast.Call, name: str, keywords: dict[str | None, ast.expr]) -> None:
        first = self.literal(node.args[0] if node.args else keywords.get("url"))
        if name in calls.DOWNLOADS:
            fixed = self.checked() or ("checked" if calls.DOWNLOADS[name] & set(keywords) else "")
            self.mark("download", node, first or name, fixed)
        elif name in calls.FETCHES_URL and first and calls.DATA_URL.match(first):
            self.mark("download", node, first, self.checked())
        elif name in {"os.system", "subprocess.run", "subprocess.call", "subprocess.check_call"}:
            for argument in strings(node):
                if re.match(r"(wget|curl|gdown)\b", argument):
                    self.mark("download", node, shown(argument), self.checked())


_STEPS: dict[type[ast.AST], Callable[[_Visitor, Any], None]] = {
    ast.Import: _Visitor.on_import,
    ast.ImportFrom: _Visitor.on_import_from,
    ast.Try: _Visitor.on_try,
    ast.If: _Visitor.on_if,
    ast.FunctionDef: _Visitor.on_function_def,
    ast.AsyncFunctionDef: _Visitor.on_function_def,
    ast.Assign: _Visitor.on_assign,
    ast.AnnAssign: _Visitor.on_assign,
    ast.Expr: _Visitor.on_expr,
    ast.Constant: _Visitor.on_constant,
    ast.Call: _Visitor.on_call,
}
