"""Writes the TypeScript twin of the messages between a box and its screen.

Flow: msgspec structs -> edge/kiosk/web/src/wire_types.ts, command_types.ts

What the box says and what the screen says each have a file. `--check` only compares and answers 1
where one is stale; a test does the same.
"""

import argparse
import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from edge.kiosk.receipt import Receipt
from edge.kiosk.socket_messages import FromScreen
from edge.messages.basket_messages import BasketSnapshot
from edge.messages.command_messages import BasketCommand, CommandReply
from edge.messages.desk_messages import DayTotals, PastSale

FOLDER = Path("edge/kiosk/web/src")
SAID_BY_BOX, SAID_BY_SCREEN = FOLDER / "wire_types.ts", FOLDER / "command_types.ts"
HEADER = """// What a {who} says. Generated from edge/messages and
// edge/kiosk/socket_messages.py by `python -m tools.checks.wire_types`; do not edit.
"""
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def wire_types() -> dict[Path, str]:
    """The whole text of each file."""
    from_box: dict[str, str] = {}
    for root in (BasketSnapshot, CommandReply, Receipt, PastSale, DayTotals):
        _name_of(root, from_box)
    known = dict(from_box)
    for alias, union in (("BasketCommand", BasketCommand), ("FromScreen", FromScreen)):
        members = [_name_of(member, known) for member in get_args(union)]
        known[alias] = f"export type {alias} =\n" + "\n".join(f"  | {m}" for m in members) + ";\n"
    from_screen = {name: text for name, text in known.items() if name not in from_box}
    return {
        SAID_BY_BOX: _file("box", from_box.values()),
        SAID_BY_SCREEN: _file("screen", from_screen.values()),
    }


def _file(who: str, texts: Iterable[str]) -> str:
    return HEADER.format(who=who) + "\n" + "\n".join(texts)


def _name_of(kind: Any, known: dict[str, str]) -> str:
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = " | ".join(f'"{member.value}"' for member in kind)
        known.setdefault(kind.__name__, f"export type {kind.__name__} = {values};\n")
        return kind.__name__
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind.__name__ not in known:
            known[kind.__name__] = ""  # holds the place, against a cycle
            text = _interface(kind, known)
            known[kind.__name__] = known.pop(kind.__name__) + text
        return kind.__name__
    return _generic(kind, known)


def _generic(kind: Any, known: dict[str, str]) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if arguments == get_args(BasketCommand):
            return "BasketCommand"
        return " | ".join(_name_of(argument, known) for argument in arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = _name_of(arguments[0], known)
        return f"readonly {inner}[]" if inner.isidentifier() else f"readonly ({inner})[]"
    if origin is tuple:
        return f"readonly [{', '.join(_name_of(argument, known) for argument in arguments)}]"
    raise TypeError(f"{kind!r} has no TypeScript twin yet; add it to {__name__}")


def _interface(kind: type[msgspec.Struct], known: dict[str, str]) -> str:
    rows = []
    tag = kind.__struct_config__.tag
    if tag is not None:
        rows.append(f'  readonly type: "{tag}";')
    for field in msgspec.structs.fields(kind):
        mark = "?" if tag is not None and not field.required else ""
        rows.append(f"  readonly {field.name}{mark}: {_name_of(field.type, known)};")
    return f"export interface {kind.__name__} {{\n" + "\n".join(rows) + "\n}\n"


def main() -> int:
    """`python -m tools.checks.wire_types [--check]`."""
    parser = argparse.ArgumentParser(description="Write the TypeScript twin of the messages.")
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent.parent
    files = wire_types()
    stale = [path for path, text in files.items() if not _is_current(root / path, text)]
    for path in files:
        said = "stale: python -m tools.checks.wire_types" if path in stale else "current"
        print(f"{path}: {said if arguments.check else 'written'}")
        if not arguments.check:
            (root / path).write_text(files[path])
    return 1 if arguments.check and stale else 0


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
