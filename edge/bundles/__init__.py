"""Model bundles on the box."""
