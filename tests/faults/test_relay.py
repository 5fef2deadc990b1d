"""The relay killed, its servers killed, its receivers lost for words: everything arrives."""

from __future__ import annotations

import random
import time
from collections import defaultdict

import psycopg
import pytest
from msgspec import json

from connectors.kafka import LOG
from connectors.kafka.topics import ACTIONS, ALERTS
from connectors.partitions import LogPartitions
from tests.dataflow.running import read, rows, wait_for
from tests.faults.crew import Crew, read_by
from tests.faults.servers import BROKER, DATABASE
from tests.faults.tally import LONG, TALLY
from tests.receiving import cut, propose, receiving, register, reply, tell

pytestmark = pytest.mark.stack
SEED = 20_266
KILLS = 60 if LONG else 8
CHUNK = 40


@pytest.fixture
def erp(place, monkeypatch):
    """Give a receiver that has registered, with a relay that tries again soon."""
    for name, value in (("TIMEOUT", "1"), ("FIRST_RETRY", "0.1"), ("LONGEST_RETRY", "0.5")):
        monkeypatch.setenv(f"WATERLINE_RELAY_{name}", value)
    homes = LogPartitions(place.dsn, 8, patience=20)
    homes.of("A")
    homes.close()
    with receiving() as receiver:
        register(place, "erp", receiver.url, "*")
        yield receiver


def moody(chance):
    """Return an answer that is what receivers do: mostly they take it, and mostly they say so."""

    def answer(handler):
        mood = chance.random()
        if mood < 0.06:
            cut(handler)
        elif mood < 0.12:
            reply(handler, 503, {}, b"")
        else:
            time.sleep(0.02 * chance.random())
            reply(handler, 204, {}, b"")

    return answer


def chunk(settings, number):
    """Put a part of the messages into the outbox; return their ids."""
    ids = tell(settings, CHUNK, first=CHUNK * number)
    return [*ids, *(propose(settings, f"action-{number}-{n}") for n in range(3))]


def all_there(settings):
    """Return whether nothing is left to be sent, nor to be said on the log."""
    try:
        waiting = rows(settings, "SELECT count(*) FROM undelivered")[0][0]
        return waiting == 0 and rows(settings, "SELECT bool_and(answered) FROM outbox")[0][0]
    except psycopg.OperationalError:
        return False


def proven(settings, erp, ids):
    """Fail unless each message is where it belongs, the same each time it came."""
    came = defaultdict(set)
    for one in erp.requests:
        came[one.message_id].add(json.encode(one.body))
    assert came.keys() == set(ids)
    assert {len(bodies) for bodies in came.values()} == {1}
    on_kafka = defaultdict(set)
    for topic in (ALERTS, ACTIONS):
        for one in read(settings, topic):
            on_kafka[dict(one.headers())["id"].decode()].add(one.value())
    assert on_kafka.keys() == set(ids)
    assert {len(bodies) for bodies in on_kafka.values()} == {1}
    decided = defaultdict(set)
    for partition in range(8):
        for one in read(settings, LOG, partition):
            decided[json.decode(one.value())["event_id"]].add(one.value())
    assert decided.keys() == {one.replace("-approved", "-sent") for one in ids if "action" in one}
    assert {len(bodies) for bodies in decided.values()} <= {1}
    assert set(rows(settings, "SELECT share FROM delivery_proof")) == {(1.0,)}
    assert rows(settings, "SELECT count(*) FROM alert_times WHERE sent_at IS NULL") == [(0,)]


def test_a_relay_killed_at_any_instant_loses_nothing(place, erp, tmp_path, tally):
    """SIGKILL at random while receivers fail at random: each id everywhere, one content an id."""
    chance, ids, loaded, seconds = random.Random(SEED), [], 0, []
    erp.answer = moody(random.Random(SEED + 1))
    with Crew(place, tmp_path, ("relay",)) as crew:
        for number in range(KILLS):
            before = read_by(place, "relay")
            ids += chunk(place, number)
            wait_for(lambda: read_by(place, "relay") > before)  # noqa: B023
            time.sleep(chance.random() ** 2 * 0.4)
            loaded += not all_there(place)
            before, begun = read_by(place, "relay"), time.monotonic()
            crew.again("relay")
            wait_for(lambda: read_by(place, "relay") > before or all_there(place))  # noqa: B023
            seconds.append(time.monotonic() - begun)
        wait_for(lambda: all_there(place), 60)
        assert crew.end() < 5
    proven(place, erp, ids)
    tally.add(
        f"kill -9 of the relay (seed {SEED})", KILLS, loaded=loaded, seconds=seconds,
        result="every id arrived, one content an id",
    )  # fmt: skip


def test_killed_between_send_and_record_the_same_id_goes_again(place, erp, tmp_path, tally):
    """The receiver has said yes, the relay dies before it can write that down."""
    with Crew(place, tmp_path, ("relay",)) as crew:
        with psycopg.connect(place.dsn) as keeper:
            keeper.execute("LOCK inventory.deliveries IN SHARE MODE")  # nothing can be recorded
            ids = tell(place)
            wait_for(lambda: erp.ids == ids)
            time.sleep(0.3)
            crew.stop("relay")
        assert rows(place, "SELECT state FROM dispatches WHERE receiver = 'erp'") == [("waiting",)]
        begun = time.monotonic()
        crew.start("relay")
        wait_for(lambda: all_there(place))
        seconds = time.monotonic() - begun
        crew.end()
    assert erp.ids == ids * 2
    assert rows(place, "SELECT attempt FROM deliveries WHERE receiver = 'erp'") == [(2,)]
    proven(place, erp, ids)
    tally.add("kill -9 of the relay between send and record", seconds=[seconds],
              result="the same id again")  # fmt: skip


@pytest.mark.parametrize("service", [DATABASE, BROKER])
def test_servers_that_die_are_waited_for(servers, place, erp, tmp_path, service):
    """Killed while the relay is at work, and back: it goes on by itself, without a traceback."""
    with Crew(place, tmp_path, ("relay",)) as crew:
        ids = chunk(place, 0)
        wait_for(lambda: read_by(place, "relay") > 0)
        if service == BROKER:
            servers.kill(service)
            ids += chunk(place, 1)
            wait_for(lambda: len(set(erp.ids)) == len(ids))
            time.sleep(1)
        else:
            ids += chunk(place, 1)
            servers.kill(service)
        begun = time.monotonic()
        servers.up()
        crew.mend()
        wait_for(lambda: all_there(place), 60)
        seconds = time.monotonic() - begun
        assert crew.restarts == []
        crew.end()
    proven(place, erp, ids)
    TALLY.add(f"kill -9 of {service} under the relay", seconds=[seconds],
              result="every id arrived, one content an id")  # fmt: skip
