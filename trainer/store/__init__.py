"""The hub database and its blobs. No other package of the centre writes SQL."""
