import importlib.util

NEEDS_TORCH = ["test_child_export.py", "test_onnx_export.py", "test_onnx_weights.py"]
collect_ignore = [] if importlib.util.find_spec("torch") else NEEDS_TORCH
