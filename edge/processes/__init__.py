"""What runs on the box: one file per process, started from one table."""
