"""Speed as ratios against named peers, accuracy on anybody's scenes."""
