"""Runs under the Python of the real dvc: answers questions, one JSON line each, with DVC's own code."""
# mypy: ignore-errors

import json
import os
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

from dvc.dependency.param import read_param_file
from dvc.fs import LocalFileSystem
from dvc.parsing import DataResolver
from dvc.schema import COMPILED_LOCKFILE_SCHEMA, COMPILED_MULTI_STAGE_SCHEMA
from dvc.utils.serialize import dumps_yaml, load_path, parse_yaml, parse_yaml_for_update
from dvc_data.hashfile.hash import file_md5

SECTIONS = ("params", "metrics", "plots", "artifacts", "datasets")


def resolve(folder, config):
    os.chdir(folder)
    data = parse_yaml(Path("dvc.yaml").read_text(encoding="utf-8"), "dvc.yaml")
    COMPILED_MULTI_STAGE_SCHEMA(data)
    repo = SimpleNamespace(fs=LocalFileSystem(), config={"parsing": config})
    resolver = DataResolver(repo, "", data)
    sections = {name: getattr(resolver, f"resolve_{name}")() for name in SECTIONS}
    return resolver.resolve()["stages"] or {}, {name: found for name, found in sections.items() if name in data}


def load(text):
    return parse_yaml(text, "x.yaml")


def dump(value):
    return dumps_yaml(value)


def lock(prior, stages):
    data = parse_yaml_for_update(prior, "dvc.lock") if prior else {"schema": "2.0"}
    data["stages"] = data.get("stages", {})
    data["stages"].update(stages)
    text = dumps_yaml(data)
    COMPILED_LOCKFILE_SCHEMA(parse_yaml(text, "dvc.lock"))
    return text


def params(folder, name):
    return load_path(f"{folder}/{name}", LocalFileSystem())


def lookup(folder, name, key):
    return read_param_file(LocalFileSystem(), f"{folder}/{name}", [key], flatten=True)


def legacy(path):
    return file_md5(path, name="md5-dos2unix")


QUESTIONS = {
    "resolve": resolve,
    "load": load,
    "dump": dump,
    "lock": lock,
    "params": params,
    "lookup": lookup,
    "legacy": legacy,
}


def main():
    answers = sys.stdout
    sys.stdout = StringIO()
    for line in sys.stdin:
        question, args = json.loads(line)
        try:
            answer = {"value": QUESTIONS[question](*args)}
            text = json.dumps(answer)
        except Exception as error:
            text = json.dumps({"error": f"{type(error).__name__}: {error}"})
        answers.write(text + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
