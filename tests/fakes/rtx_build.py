"""Builds an engine with TensorRT-RTX: `python -m tests.fakes.rtx_build FILE INPUT 1x3x8x8 ...`.

A program of its own, because these libraries change how the whole process rounds small numbers.
Only names common to TensorRT 10, 11 and RTX are used.
"""

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Print the engine's size in bytes; 1 and the reason where there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("input_name")
    parser.add_argument("shapes", nargs=3, help="smallest, usual, largest")
    options = parser.parse_args()
    import tensorrt_rtx_libs  # noqa: F401, I001  the bindings find their libraries only after this
    import tensorrt_rtx_bindings as trt

    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parsed = trt.OnnxParser(network, logger)
    if not parsed.parse(options.file.read_bytes()):
        reasons = [parsed.get_error(i).desc() for i in range(parsed.num_errors)]
        sys.stdout.write(f"cannot parse {options.file.name}: {'; '.join(reasons)}")
        return 1
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(trt.ComputeCapability.SM89, 0)
    profile = builder.create_optimization_profile()
    shapes = [tuple(int(n) for n in shape.split("x")) for shape in options.shapes]
    profile.set_shape(options.input_name, *shapes)
    config.add_optimization_profile(profile)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        sys.stdout.write(f"cannot build an engine of {options.file.name}")
        return 1
    sys.stdout.write(str(len(bytes(memoryview(engine)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
