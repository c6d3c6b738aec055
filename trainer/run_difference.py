"""What tells two runs apart: parameters, code, packages, curves. Pure.

Flow: two documents -> rows (place, left, right)
"""

from collections.abc import Mapping
from typing import Any

MISSING = "-"


def flattened(document: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """`{"fit": {"path": "fast"}}` as `{"fit.path": "fast"}`; lists are one value."""
    found: dict[str, str] = {}
    for name, value in document.items():
        place = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found |= flattened(value, f"{place}.")
        else:
            found[place] = str(value)
    return found


def differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Every place where two documents differ, in order."""
    before, after = flattened(left), flattened(right)
    return [
        (place, before.get(place, MISSING), after.get(place, MISSING))
        for place in sorted({*before, *after})
        if before.get(place) != after.get(place)
    ]


def package_differences(left: list[str], right: list[str]) -> list[tuple[str, str, str]]:
    """Packages of two environments (`name==version`) that differ."""
    before, after = (dict(p.split("==", 1) for p in lines if "==" in p) for lines in (left, right))
    return differences(before, after)
