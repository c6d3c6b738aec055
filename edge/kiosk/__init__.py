"""The shopper's screen."""
