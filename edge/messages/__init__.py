"""Every message that crosses a process border or goes between sibling stages inside the box."""
