"""The centre: labels in, signed bundles out."""
