"""Grafana as code: boards, alert rules and their ways, built from Python to files that it reads."""
