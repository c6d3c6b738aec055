"""Proves that the box and the hub load without torch: run in an environment that has none."""

import importlib
import importlib.util
import pkgutil
import sys

FORBIDDEN = ("torch", "torchvision")
PACKAGES = ("cameras", "sync", "edge", "trainer.hub", "trainer.store", "trainer.release",
            "trainer.worker", "trainer.tracking")  # fmt: skip
# Loaded only where hub.toml asks for it, and by no hub without it.
OF_EXTRAS = {"trainer.store.s3_blobs": ("s3", "obstore")}


def main() -> int:
    """Import every module of the box and the hub; 0 when all load and none brought torch."""
    for name in FORBIDDEN:
        if importlib.util.find_spec(name) is not None:
            print(f"{name} is installed here, so this environment proves nothing")
            return 0 if "--allow-torch" in sys.argv else 1
    num_modules = 0
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            continue
        num_modules += _import_all(package)
    loaded = [name for name in FORBIDDEN if name in sys.modules]
    print(f"{num_modules} modules load without torch")
    return 1 if loaded else 0


def _import_all(package_name: str) -> int:
    package = importlib.import_module(package_name)
    count = 1
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{package_name}."):
        # Migrations run when Alembic loads them; `python -m` modules run when they are started.
        if module.name.endswith("__main__") or ".migrations." in module.name:
            continue
        extra, needs = OF_EXTRAS.get(module.name, ("", ""))
        if needs and importlib.util.find_spec(needs) is None:
            print(f"{module.name} left out: extra {extra} is not installed here")
            continue
        importlib.import_module(module.name)
        count += 1
    return count


if __name__ == "__main__":
    sys.exit(main())
