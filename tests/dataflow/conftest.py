"""Fixtures that tests of dataflows share."""

from __future__ import annotations

import psycopg
import pytest

from tests.receiving import receiving
from tests.sql.shelves import warehouse


@pytest.fixture
def shop(settings):
    """Give settings whose database knows warehouse W; it is noon there."""
    with psycopg.connect(settings.dsn) as conn:
        warehouse(conn)
    return settings


@pytest.fixture
def receiver():
    """Give a receiver by HTTP."""
    with receiving() as one:
        yield one
