"""The demo: the product's own processes on the clips that ship with it."""
