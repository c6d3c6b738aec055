"""Tests of the counter simulator."""
