"""From observations to basket lines. Pure, except journal.py."""
