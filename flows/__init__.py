"""Waterline: what decides (domain), what lifts it into dataflows, and the commands."""
