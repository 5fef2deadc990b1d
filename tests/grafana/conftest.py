"""A database for boards to ask."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def migrated(new_database):
    """Give the DSN of a migrated database that no test changes for good."""
    with new_database() as dsn:
        yield dsn
