"""What runs Waterline: the local stack, and containers."""
