"""Moments worth a label."""
