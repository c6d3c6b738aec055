"""Many boxes against one hub."""
