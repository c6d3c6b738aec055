"""Makes the base bundle: detector, recogniser, gallery and thresholds for the shipped catalogue."""
