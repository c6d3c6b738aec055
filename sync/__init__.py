"""What the store and the centre must agree on, byte for byte."""
