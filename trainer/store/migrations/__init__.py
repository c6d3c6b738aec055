"""Numbered changes of the hub database."""
