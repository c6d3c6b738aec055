"""Between the processes of one box: ZeroMQ for messages, one mapped file for pixels."""
