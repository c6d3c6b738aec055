"""The networks, the loop that trains them, and their metrics; torch is here and in export."""
