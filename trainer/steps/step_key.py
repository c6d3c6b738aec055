"""What a step's result depends on, as one sha256: its code, parameters, inputs, environment.

Flow: module + parameters + input digests -> key

Code is the step's module and every module of ours that it imports, however deep: a changed line
anywhere there makes another key, a changed line elsewhere does not. Environment is the interpreter
and every installed package with its version.
"""

import ast
import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

OURS = ("trainer", "sync")
# Only what the table of steps reaches; a step is keyed by what it imports, not by who starts it.
NOT_FOLLOWED = frozenset({"trainer.steps.step_table"})


def step_key(
    name: str, module: str, parameters: Mapping[str, Any], inputs: Mapping[str, str]
) -> str:
    """The key of a result.

    Args:
        parameters: all of them, defaults included.
        inputs: name -> digest of the content.
    """
    facts = {
        "step": name,
        "code": code_digest(module),
        "parameters": dict(parameters),
        "inputs": dict(inputs),
        "environment": environment_digest(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def code_digest(module: str) -> str:
    """sha256 over the sources of a module and of all of ours that it imports."""
    digest = hashlib.sha256()
    for name in sorted(code_closure(module)):
        digest.update(name.encode() + b"\0" + _source(name).read_bytes() + b"\0")
    return digest.hexdigest()


def code_closure(module: str) -> set[str]:
    """The module and every module of ours that it reaches by import statements."""
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in reached and name not in NOT_FOLLOWED:
            reached.add(name)
            waiting += [found for found in _imports(_source(name)) if found not in reached]
    return reached


@cache
def environment_digest() -> str:
    """sha256 over the interpreter and every installed package; the lock of this environment."""
    return hashlib.sha256("\n".join(environment_lock()).encode()).hexdigest()


def environment_lock() -> list[str]:
    """`python==3.11.7` and `name==version` of every installed package, sorted."""
    found = {
        f"{d.metadata['Name'].lower().replace('_', '-')}=={d.version}"
        for d in metadata.distributions()
        if d.metadata["Name"]
    }
    return [f"python=={platform.python_version()}", *sorted(found)]


def tree_digest(path: Path) -> str:
    """sha256 of a file's bytes, or over names and digests of all files below a folder."""
    if path.is_file():
        return _file_digest(path)
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{_file_digest(file)}\n".encode())
    return digest.hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if _is_ours(a.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            yield node.module
            below = (f"{node.module}.{a.name}" for a in node.names)
            yield from (name for name in below if _is_module(name))


def _is_ours(name: str) -> bool:
    return name.split(".")[0] in OURS


@cache
def _is_module(name: str) -> bool:
    parent = util.find_spec(name.rpartition(".")[0])
    return bool(parent and parent.submodule_search_locations) and util.find_spec(name) is not None


@cache
def _source(name: str) -> Path:
    found = util.find_spec(name)
    assert found is not None, name
    assert found.origin is not None, name
    return Path(found.origin)
