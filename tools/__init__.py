"""For developers and operators. Nothing imports tools."""
