"""Cameras: network, USB and recorded clips become Frames; nothing here knows models or baskets."""
