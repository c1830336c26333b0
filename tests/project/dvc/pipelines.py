"""Random dvc.yaml files for the comparison with DVC: most of them mean something, some do not."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

names = st.sampled_from(["a", "b", "c", "deep", "flag", "lst", "table"])
scalars = st.sampled_from(
    [True, False, None, 0, 1, -3, 0.5, 1e-05, "x", "two words", "it's", "", "a/b.txt", "${", r"\${a}"]
)
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=5
)
params = st.fixed_dictionaries(
    {
        "a": st.sampled_from([1, "x", True, 0.5]),
        "flag": st.booleans(),
        "lst": st.lists(scalars, min_size=1, max_size=3),
    },
    optional={
        "b": scalars,
        "c": plain,
        "deep": st.fixed_dictionaries({"a": scalars}, optional={"lst": st.lists(plain, max_size=2), "b": plain}),
        "table": st.dictionaries(names, plain, max_size=3),
        "item": scalars,
    },
)
expressions = st.sampled_from(
    [
        "a",
        "a",
        "b",
        "c",
        "flag",
        "lst",
        "lst[0]",
        "lst[-1]",
        "lst[9]",
        "deep",
        "deep.a",
        "deep[a]",
        "deep.b",
        "item",
        "item.a",
        "key",
    ]
) | (
    st.sampled_from(["deep.lst[0]", "table", "table.a", "item[0]", "item.b.a", "nowhere", "a[0]", "a.", "lst[0"])
    | st.sampled_from([" a ", "deep . a", "lst[0] ", "lst [0]", ""])
)
templates = expressions.map(lambda text: "${" + text + "}")
pieces = st.one_of(templates, st.sampled_from(["x", "--lr ", "/", r"\${a}", "$", "}", " ", "é", "\n"]))
texts = st.lists(pieces, min_size=1, max_size=3).map("".join) | templates
safe = st.sampled_from(["${a}", "x-${flag}", "${deep.a}", "${item}", "${key}", r"\${a}", "plain", "${lst[0]}"])
paths = safe | texts
flags = st.fixed_dictionaries(
    {}, optional={"cache": st.booleans(), "persist": st.booleans(), "desc": safe, "remote": safe}
)
outs = st.lists(paths | st.dictionaries(paths, flags, min_size=1, max_size=1), max_size=2)
own_vars = st.lists(st.dictionaries(st.sampled_from(["own", "a", "deep", "item"]), plain, max_size=2), max_size=1)
bodies = st.fixed_dictionaries(
    {"cmd": paths | st.lists(paths, min_size=1, max_size=2)},
    optional={
        "wdir": safe,
        "deps": st.lists(paths, max_size=2),
        "outs": outs,
        "metrics": outs,
        "params": st.lists(
            safe | st.dictionaries(safe, st.none() | st.lists(safe, max_size=2), max_size=1), max_size=2
        ),
        "frozen": st.booleans(),
        "desc": safe,
        "meta": st.dictionaries(names, safe, max_size=1),
        "vars": own_vars,
    },
)
items = plain | texts
foreach = st.fixed_dictionaries(
    {
        "foreach": st.lists(items, max_size=3)
        | st.dictionaries(names, items, max_size=3)
        | st.sampled_from(["${lst}", "${deep}", "${table}", "${a}", "x"]),
        "do": bodies,
    }
)
axes = st.lists(items, max_size=2) | st.sampled_from(["${lst}", "${deep.lst}", "${a}", "ab", "${table}"])
matrix = st.tuples(st.dictionaries(st.sampled_from(["a", "b"]), axes, max_size=2), bodies).map(
    lambda both: {"matrix": both[0], **both[1]}
)
stages = bodies | bodies | foreach | matrix
axis = st.dictionaries(st.sampled_from(["d.csv", "${a}.csv"]), safe, max_size=1)
plots = st.fixed_dictionaries({}, optional={"x": safe, "y": safe | st.lists(safe, max_size=2) | axis, "title": safe})
pipelines = st.fixed_dictionaries(
    {"stages": st.dictionaries(st.sampled_from(["one", "two", "a@b"]), stages, min_size=1, max_size=2)},
    optional={
        "vars": st.lists(
            st.dictionaries(st.sampled_from(["v", "w", "deep"]), plain, max_size=2)
            | st.sampled_from(["more.yaml", "more.yaml:m", "params.yaml", "params.yaml:a", "more.yaml:none", "${a}"]),
            max_size=2,
        ),
        "params": st.lists(safe, max_size=2),
        "metrics": st.lists(safe | texts, max_size=2),
        "plots": st.lists(safe | st.dictionaries(safe, st.none() | plots, max_size=2), max_size=2),
        "artifacts": st.dictionaries(
            safe, st.fixed_dictionaries({"path": safe}, optional={"labels": st.lists(safe), "meta": plain}), max_size=2
        ),
        "datasets": st.lists(
            st.fixed_dictionaries({"name": safe, "type": st.just("url"), "url": st.just("https://${a}")}), max_size=1
        ),
    },
)
styles: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"bool": st.just("boolean_optional"), "list": st.just("append")}
)

# Stages that DVC takes, for the most part, so that what they become can be compared.
good_paths = st.sampled_from(["x.csv", "data/y.csv", "../z", "./n", "${a}.txt", "${item}", "d-${key}", "${deep.a}/k"])
good_flags = st.fixed_dictionaries(
    {},
    optional={
        "cache": st.booleans(),
        "persist": st.booleans(),
        "push": st.booleans(),
        "desc": st.just("d"),
        "type": st.just("t"),
        "labels": st.just(["l"]),
        "checkpoint": st.booleans(),
    },
)
names_of_outs = st.sampled_from(["o1", "sub/o2", "o3-${a}", "o4-${item}", "o5/${key}", "./o6", "o7/", "../o8"])


def _outs(flags: st.SearchStrategy[dict[str, Any]], prefix: str) -> st.SearchStrategy[list[Any]]:
    named = names_of_outs.map(lambda name: f"{prefix}{name}" if name[0] == "o" else name + prefix)
    return st.lists(named | st.dictionaries(named, flags, min_size=1, max_size=2), max_size=2)


keys = st.sampled_from(["a", "b", "deep.a", "deep", "lst.0", "${key}", "flag"])
files = st.sampled_from(["params.yaml", "p.json", "p.toml", "conf/p.py", "../params.yaml"])
good = st.fixed_dictionaries(
    {"cmd": st.sampled_from(["x", "x ${a}", "one\ntwo", r"echo \${HOME}", ["x", "y ${item}"], "x ${deep}"])},
    optional={
        "wdir": st.sampled_from(["work", ".", "./work/", "work/../work"]),
        "deps": st.lists(good_paths, max_size=3),
        "outs": _outs(good_flags, "a"),
        "metrics": _outs(good_flags, "m"),
        "plots": _outs(
            st.tuples(good_flags, st.just({"x": "step", "title": "t"})).map(lambda two: two[0] | two[1]), "p"
        ),
        "params": st.lists(
            keys | st.dictionaries(files, st.none() | st.lists(keys, max_size=2), min_size=1, max_size=2), max_size=4
        ),
        "vars": st.just([{"own": 1}]),
        "frozen": st.booleans(),
        "always_changed": st.booleans(),
        "desc": st.sampled_from(["text", "of ${a}"]),
        "meta": st.just({"k": ["v"]}),
    },
)
groups = st.fixed_dictionaries(
    {"foreach": st.sampled_from([["u", "v"], {"u": 1, "v": {"a": 2}}, "${lst}", [], "${table}"]), "do": good}
) | st.tuples(st.sampled_from([{"m": ["u", "v"]}, {"m": [1, True], "n": ["u", {"a": 1}]}]), good).map(
    lambda both: {"matrix": both[0], **both[1]}
)
whole = st.fixed_dictionaries(
    {"stages": st.dictionaries(st.sampled_from(["one", "two", "three"]), good | good | groups, max_size=2)}
)
ignores = st.sampled_from(["", "sub/in\n", "/sub/*\n!/sub/dvc.yaml\n", "*.yaml\n", "in/\n", "sub\n!sub\n"])
