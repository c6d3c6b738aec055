import importlib.util

# The box and the hub run these tests' neighbours without torch.
NEEDS_TORCH = ["test_detector_loss.py", "test_networks.py", "test_schedule.py", "test_train.py"]
collect_ignore = [] if importlib.util.find_spec("torch") else NEEDS_TORCH
