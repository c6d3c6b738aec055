"""From a trained network to the file that a box runs, and the proof that both decide alike."""
