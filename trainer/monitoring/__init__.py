"""What the centre concludes from what boxes tell: drift, expected accuracy, insights, triggers."""
