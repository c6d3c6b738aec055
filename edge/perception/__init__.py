"""From a frame to which items are where. No sockets, no disk."""
