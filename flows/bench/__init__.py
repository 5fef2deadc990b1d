"""The bench: what Waterline costs on this machine, beside the same bare work without it."""
