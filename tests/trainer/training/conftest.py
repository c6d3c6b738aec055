import importlib.util

# The box and the hub run these tests' neighbours without torch.
NEEDS_TORCH = [
    "test_class_block.py", "test_detector_loss.py", "test_killed_run.py", "test_launch.py",
    "test_networks.py", "test_photo_run.py", "test_photo_stages.py", "test_resnet_body.py",
    "test_schedule.py", "test_shard_run.py", "test_train.py",
]  # fmt: skip
collect_ignore = [] if importlib.util.find_spec("torch") else NEEDS_TORCH
