"""Pictures and their truth: readers, tray composites and augmentation."""
