"""The checks behind tools/test."""
