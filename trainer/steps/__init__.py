"""The steps from a data set version to a bundle: each runs alone, keyed by all it depends on."""
