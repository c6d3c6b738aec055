"""The box at the counter: frames in, basket out."""
