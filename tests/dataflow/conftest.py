"""Fixtures that tests of the watched rules share."""

from __future__ import annotations

import psycopg
import pytest

from tests.sql.shelves import warehouse


@pytest.fixture
def shop(settings):
    """Give settings whose database knows warehouse W; it is noon there."""
    with psycopg.connect(settings.dsn) as conn:
        warehouse(conn)
    return settings
