"""Warehouses are spread over the log's partitions, for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from connectors.partitions import LogPartitions
from connectors.trouble import Trouble

pytestmark = pytest.mark.stack


def test_emptiest_partition_first_lowest_on_ties(database):
    """Eight warehouses fill eight partitions; the ninth shares the first."""
    partitions = LogPartitions(database, 8)
    assert [partitions.of(f"W{n}") for n in range(9)] == [0, 1, 2, 3, 4, 5, 6, 7, 0]
    partitions.close()


def test_never_changed(database):
    """Another process finds what was given, and a bulk question gives only what is new."""
    first, second = LogPartitions(database, 8), LogPartitions(database, 8)
    assert first.of("A") == 0
    assert second.of_many(["B", "A"]) == {"B": 1, "A": 0}
    assert first.all() == {"A": 0, "B": 1}
    first.close()
    second.close()


def test_two_at_once_agree(database):
    """Processes that see the same warehouses at the same time agree on each."""

    def ask(_):
        partitions = LogPartitions(database, 8)
        given = partitions.of_many([f"W{n}" for n in range(24)])
        partitions.close()
        return given

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert sorted(answers[0].values()) == sorted([*range(8)] * 3)


def test_no_database_is_one_sentence():
    """With patience, a database that is not there is Trouble."""
    partitions = LogPartitions("postgresql://nobody@127.0.0.1:9/none", 8, patience=0.2)
    with pytest.raises(Trouble, match="the database does not answer"):
        partitions.of("A")


def test_a_cut_connection_is_made_again(database):
    """A connection that the server ends is replaced and the question answered."""
    partitions = LogPartitions(database, 8)
    assert partitions.of("A") == 0
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert partitions.of("B") == 1
    partitions.close()
