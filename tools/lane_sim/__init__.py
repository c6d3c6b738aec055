"""Renders counters with goods on them, several calibrated cameras and exact truth."""
