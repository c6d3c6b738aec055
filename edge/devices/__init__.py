"""Scales, scanners and the point of sale."""
