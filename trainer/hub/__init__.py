"""The web application of the centre: the only process that writes the hub database. No torch."""
