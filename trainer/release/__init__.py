"""Releases: who may sign what, the gate before it, and the road to the boxes."""
