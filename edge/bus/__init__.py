"""How processes of one box speak: typed messages on ZeroMQ, pixels through a memory-mapped ring."""
