"""Reads the box's TOML file; a bad one is answered with key, value, allowed range and line.

Flow: path -> EdgeConfig

What the knobs are and mean stands in `config.py`.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cameras.address import parse_address, redact
from edge.config import EdgeConfig
from edge.errors import ConfigError

EXAMPLE = "deploy/edge.example.toml"
_NAMED_KEY = re.compile(r"(?P<key>[a-z_]+) = ")

KeyPath = tuple[str | int, ...]


def read_config(path: Path) -> EdgeConfig:
    """Read, check and freeze the configuration. Relative paths count from the file's folder.

    Raises:
        ConfigError: missing, no TOML, unknown key, wrong type, out of range. Every problem is
            named, one per line of the message.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as err:
        raise ConfigError(
            f"{path}: cannot be read: {err.strerror}", hint=f"copy {EXAMPLE} and change it"
        ) from err
    except UnicodeDecodeError as err:
        raise ConfigError(f"{path}: is not UTF-8 text", hint="save it as UTF-8") from err
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ConfigError(f"{path}: is no TOML: {err}", hint=f"compare with {EXAMPLE}") from err
    try:
        config = EdgeConfig.model_validate(data)
    except ValidationError as err:
        problems = [_describe(path, text, data, error) for error in err.errors()]
        raise ConfigError(
            "\n".join(problems), hint=f"every key with its range: edge/README.md, {EXAMPLE}"
        ) from err
    return _with_absolute_paths(config, path.absolute().parent)


def line_of(text: str, key_path: KeyPath) -> int:
    """Line on which a key of a valid TOML text is written; 1 where it is not written.

    The text is parsed line by line: the key stands in the first statement after which it exists.
    Slow (quadratic) and right for every form that TOML allows; only used to explain an error.
    """
    lines = text.splitlines()
    statement = 1
    for number in range(1, len(lines) + 1):
        data = _parsed("\n".join(lines[:number]) + "\n")
        if data is None:
            continue
        if _holds(data, key_path):
            return _first_with_content(lines, statement)
        statement = number + 1
    return 1


def _describe(path: Path, text: str, data: dict[str, Any], error: ErrorDetails) -> str:
    key_path: KeyPath = tuple(error["loc"])
    message = redact(error["msg"]).removeprefix("Value error, ")
    named = _NAMED_KEY.match(message)  # a rule of a whole table names the key it is about
    if named is not None and _holds(data, (*key_path, named["key"])):
        key_path, message = (*key_path, named["key"]), message[named.end() :]
        return f"{_place(path, text, data, key_path)}: {_dotted(key_path)} = {message}"
    start = f"{_place(path, text, data, key_path)}: {_dotted(key_path)}".removesuffix(": ")
    if error["type"] == "extra_forbidden":
        return f"{start} is no known key"
    if error["type"] == "missing":
        return f"{start} is missing"
    message = message.replace("Input should be", "allowed:")
    if isinstance(error["input"], dict):
        return f"{start}: {message}"
    return f"{start} = {redact(repr(error['input']))}: {message}"


def _place(path: Path, text: str, data: dict[str, Any], key_path: KeyPath) -> str:
    """File and line of the key, or of the nearest table around it that is written."""
    while key_path and not _holds(data, key_path):
        key_path = key_path[:-1]
    return f"{path}:{line_of(text, key_path) if key_path else 1}"


def _dotted(key_path: KeyPath) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in key_path]
    return "".join(parts).removeprefix(".")


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _holds(data: Any, key_path: KeyPath) -> bool:
    for part in key_path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _first_with_content(lines: list[str], number: int) -> int:
    while lines[number - 1].strip().startswith("#") or not lines[number - 1].strip():
        number += 1
    return number


def _with_absolute_paths(config: EdgeConfig, base: Path) -> EdgeConfig:
    """Paths are read relative to the file, so a box can be started from any folder."""
    data = config.model_dump(by_alias=True)
    for name, value in data["paths"].items():
        data["paths"][name] = _absolute(base, value)
    data["hub"]["ca_file"] = _absolute(base, data["hub"]["ca_file"])
    for lane in data["lanes"]:
        for camera in lane["cameras"]:
            for name in ("calibration", "tls_ca"):
                camera[name] = _absolute(base, camera[name])
            camera["url"] = _absolute_url(base, camera["url"])
    return EdgeConfig.model_validate(data)


def _absolute_url(base: Path, url: str) -> str:
    if parse_address(url).kind != "clip":
        return url
    path, mark, options = url.removeprefix("clip:").partition("?")
    return f"clip:{base / path}{mark}{options}"


def _absolute(base: Path, value: Path | None) -> Path | None:
    return None if value is None else base / value
