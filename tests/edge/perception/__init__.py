"""Tests of edge/perception."""
