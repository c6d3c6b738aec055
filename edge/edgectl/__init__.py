"""The command line of store IT: one file per command."""
