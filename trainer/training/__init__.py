"""The networks, the loop that trains them, and their metrics. The only packages with torch are here and in export."""
