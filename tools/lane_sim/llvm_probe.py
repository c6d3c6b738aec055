"""Which Mitsuba variant this machine can run, found out in a child process.

Flow: candidates -> the first LLVM library with which a tiny render ends well, else scalar

Only LLVM 19 and newer are known to work with Mitsuba 3.9 on AVX-512 machines: 15 and 16 abort the
whole process, which is why the trial runs in a child. The answer is not kept on disk.
"""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.lane_sim.errors import RendererMissingError

SCALAR = "scalar_rgb"
FAST = "llvm_ad_rgb"
_TRIAL_S = 60.0
_TRIAL = """
import mitsuba as mi
mi.set_variant("llvm_ad_rgb")
scene = mi.load_dict(mi.cornell_box() | {"integrator": {"type": "path", "max_depth": 3}})
print("mean", float(mi.render(scene, spp=1).array[0]))
"""


@dataclass(frozen=True)
class Variant:
    """A Mitsuba variant and the LLVM library it needs; `why` is for a person."""

    name: str
    library: str
    why: str


@cache
def chosen_variant(wanted: str = "auto") -> Variant:
    """The variant to render with: `auto`, `scalar` or `llvm`.

    Raises:
        RendererMissingError: Mitsuba is absent, or `llvm` was asked for and no library works.
    """
    if not mitsuba_is_installed():
        raise RendererMissingError("Mitsuba is not installed", hint='pip install "tillsight[sim]"')
    if wanted == "scalar":
        return Variant(SCALAR, "", "asked for")
    libraries = llvm_libraries()
    for library in libraries:
        if _trial_succeeds(library):
            return Variant(FAST, library, f"a trial render with {Path(library).name} succeeded")
    if wanted == "llvm":
        raise RendererMissingError(
            f"no LLVM variant runs here ({len(libraries)} libraries tried)",
            hint="install LLVM 19 or newer (apt-get install libllvm19), or use --variant scalar",
        )
    return Variant(SCALAR, "", f"{len(libraries)} LLVM libraries tried, none works")


def mitsuba_is_installed() -> bool:
    """True when `import mitsuba` would find a package."""
    return importlib.util.find_spec("mitsuba") is not None


def use_variant(variant: Variant) -> None:
    """Switch this process to the variant; call once, before anything is loaded."""
    if variant.library:
        os.environ["DRJIT_LIBLLVM_PATH"] = variant.library
    import mitsuba as mi

    mi.set_variant(variant.name)


def llvm_libraries() -> list[str]:
    """LLVM shared libraries on this machine, newest first."""
    found: dict[int, str] = {}
    for folder in (
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/local/lib",
    ):
        for path in sorted(Path(folder).glob("libLLVM*.so*")):
            digits = "".join(c if c.isdigit() else " " for c in path.name).split()
            if digits and int(digits[0]) >= 17:
                found.setdefault(int(digits[0]), str(path))
    return [found[version] for version in sorted(found, reverse=True)]


def _trial_succeeds(library: str) -> bool:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRIAL],
            env={**os.environ, "DRJIT_LIBLLVM_PATH": library},
            capture_output=True,
            timeout=_TRIAL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and b"mean" in done.stdout
