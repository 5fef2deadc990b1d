from __future__ import annotations

import os
import random
import signal
import socket
from contextlib import ExitStack
from dataclasses import replace

import pytest

from flows.cluster import address_of, beyond
from flows.steps import KeyedSink, Stop
from tests.dataflow.running import (
    clean,
    command,
    consumed,
    drain,
    ended,
    flow,
    lay,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.e2e.supervised import supervised
from tests.faults.story import story

pytestmark = pytest.mark.stack
TABLES = {
    "stock": "*",
    "stock_bins": "*",
    "orders": "*",
    "purchases": "*",
    "transfers": "*",
    "movements": "*",
    "offsets": "log_partition, next_offset, consumed, applied, repeats, rejects",
}
LEFT_OUT = {"committed_at", "updated_at"}


def tables(settings):
    """Return the rows of the tables, but for when they were written."""
    found = {}
    for table, columns in TABLES.items():
        if columns == "*":
            names = rows(
                settings,
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped",
                f"inventory.{table}",
            )
            columns = ", ".join(sorted(f'"{name}"' for (name,) in names if name not in LEFT_OUT))  # noqa: PLW2901
        found[table] = sorted(map(str, rows(settings, f"SELECT {columns} FROM {table}")))
    return found


def owners(settings):
    """Return the owner of each partition, in order."""
    return [row[0] for row in rows(settings, "SELECT owner FROM offsets ORDER BY log_partition")]


def test_a_cluster_of_three_makes_the_tables_of_one_process(settings, new_database):
    """Each partition has one member, p modulo 3; every table is that of a single process."""
    sent = lay(settings, story(6000))
    done = command(settings, "run", "stock", "--drain", "--processes", "3", "--cluster")
    assert done.returncode == 0, done.stdout + done.stderr
    assert consumed(settings) == sent
    clean(settings)
    found = owners(settings)
    assert len(set(found)) == 3
    assert [found[p % 3] for p in range(8)] == found
    assert rows(settings, "SELECT DISTINCT generation FROM offsets") == [(1,)]
    with new_database() as dsn:
        alone = replace(settings, dsn=dsn)
        drain(alone)
        assert tables(alone) == tables(settings)


def test_a_member_killed_at_any_moment_takes_the_others_and_all_come_back(settings):
    """SIGKILL again and again under load: all members start anew, nothing lost, nothing twice."""
    for partition, house in enumerate("ABCD"):
        put(settings, partition, *receipts(10_000, 10_000 * partition, house))
    chance, kills = random.Random(2), 0
    with supervised(settings, "stock", "--processes", "2", "--cluster") as run:
        while consumed(settings) < 40_000 and kills < 3:
            before = consumed(settings)
            wait_for(lambda: consumed(settings) > before)  # noqa: B023
            victim = run.pids().get(chance.choice(("stock", "stock-2")))
            if victim:
                os.kill(victim, signal.SIGKILL)
                kills += 1
                wait_for(lambda: set(run.restarts().values()) == {kills})  # noqa: B023
        wait_for(lambda: consumed(settings) == 40_000)
        wait_for(lambda: run.get("/ready")[0] == 200)
        assert len(set(owners(settings))) == 2
    assert kills
    clean(settings)


def test_members_of_several_supervisors_are_one_cluster(settings):
    """As on two machines: each supervisor runs its member; one that goes takes the other along."""
    addresses = ",".join(f"127.0.0.1:{port}" for port in free_ports(2))
    put(settings, 0, *receipts(100))
    put(settings, 1, *receipts(100, 100, "B"))
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                supervised(settings, "stock", "--addresses", addresses, "--process-id", number)
            )
            for number in ("0", "1")
        ]
        wait_for(lambda: consumed(settings) == 200)
        os.kill(next(iter(runs[1].pids().values())), signal.SIGKILL)
        wait_for(lambda: [list(run.restarts().values()) for run in runs] == [[1], [1]])
        put(settings, 0, *receipts(100, 200))
        put(settings, 1, *receipts(100, 300, "B"))
        wait_for(lambda: consumed(settings) == 400)
    clean(settings)


def test_a_fenced_member_says_so_and_ends_though_its_engine_waits(settings):
    """Exit code 3 and one sentence, not a member that hangs until the others end."""
    put(settings, 0, *receipts(10))
    addresses = ",".join(f"127.0.0.1:{port}" for port in free_ports(2))
    with ExitStack() as stack:
        members = [
            stack.enter_context(flow(settings, "--share", f"{n}/2", "--addresses", addresses))
            for n in (1, 2)
        ]
        wait_for(lambda: len(set(owners(settings))) == 2 and consumed(settings) == 10)
        heir = stack.enter_context(flow(settings, "--share", "1/2"))
        code, told = ended(members[0], 20)
        assert (code, "taken over by another stock flow" in told) == (3, True)
        code, told = ended(members[1], 20)
        assert (code, "the cluster lost a member" in told) == (1, True)
        heir.terminate()
        assert ended(heir)[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--addresses", "10.0.0.1:2101", "--process-id", "0"), "--private-network"),
        (("--addresses", "example.org:2101", "--process-id", "0"), "pickle"),
        (("--addresses", "127.0.0.1", "--process-id", "0"), "host:port"),
        (("--addresses", "127.0.0.1:1,127.0.0.1:2", "--process-id", "2"), "0 to 1"),
        (("--addresses", "127.0.0.1:1"), "go together"),
        (("--processes", "9"), "8 partitions"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_a_sentence(settings, words, said):
    """Exit code 2; what other machines can reach needs a word that the network is private."""
    done = command(settings, "run", "stock", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def free_ports(count: int) -> list[int]:
    """Return ports that are free now."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in found]


def test_a_name_keeps_its_place_among_the_names_of_all_members():
    """Bytewax wraps the number into all members' names, sorted as text."""
    everywhere = [str(number) for number in range(12)]
    own = KeyedSink(["10", "2", "6"], lambda _: None, Stop(), everywhere=everywhere)
    assert own.list_parts() == ["10", "2", "6"]
    assert [own.part_fn(name) for name in ("10", "2", "6")] == [2, 4, 8]


def test_only_the_loopback_is_not_beyond():
    """Names other than localhost count as other machines, whatever they resolve to."""
    inside = ["127.0.0.1:1", "localhost:2", "[::1]:3", "127.9.9.9:4"]
    outside = ["10.0.0.1:1", "0.0.0.0:2", "db.example:3", "[fd00::1]:4"]
    assert beyond([*inside, *outside]) == outside
    for wrong in (
        "host",
        "host:",
        ":1",
        "host:0",
        "host:65536",
        "host:x",
        "host:٣",
        f"host:{'9' * 5000}",
    ):
        with pytest.raises(ValueError, match="host:port"):
            address_of(wrong)
