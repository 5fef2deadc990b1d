"""Bytes of a message → events or rejects: `formats` chooses, one module a format does the work.

Every decoder returns a list of `Event | Reject`, an empty one for a message that says nothing
about stock, and never raises, whatever the bytes are.
"""
