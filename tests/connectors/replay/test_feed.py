"""What the replay says, taken together."""

from __future__ import annotations

import itertools
import pickle
import time
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from connectors.replay import MASTER, ORDERS, SCANS, TOPICS, feed
from connectors.replay.inbox import Purchase
from connectors.trouble import Trouble
from flows.domain.decode import canonical, debezium
from flows.domain.rejects import Reject

from .conftest import UNTIL, small


def test_same_options_give_the_same_bytes(day):
    """Two runs with the same options are equal message by message."""
    assert list(feed(small())) == day


def test_another_seed_gives_other_events(day):
    """The seed decides what happens in the warehouses."""
    other = list(feed(small(seed=4)))
    assert {m.value for m in other if m.topic == SCANS}.isdisjoint(m.value for m in day)


def test_messages_come_in_time_order_and_end_just_before_until(told):
    """No message is earlier than the one before it, and the last is within minutes of `until`."""
    times = [message.at for message in told.messages]
    assert all(a <= b for a, b in itertools.pairwise(times))
    assert UNTIL - timedelta(minutes=10) < times[-1] < UNTIL
    assert set(Counter(message.topic for message in told.messages)) == set(TOPICS)


def test_intake_would_refuse_nothing(told):
    """Every message decodes to an event, and every event has an id of its own."""
    seen = Counter()
    for message in told.messages:
        if message.topic == ORDERS:
            found = debezium.decode(message.value, message.key)
        else:
            found = canonical.decode(message.value)
        assert not [one for one in found if isinstance(one, Reject)]
        seen.update(event.event_id for event in found)
    assert set(seen.values()) == {1}


def test_devices_number_their_scans_without_holes(told):
    """Each device counts 1, 2, 3 … in the order of its own clock, and names who worked with it."""
    numbers, clocks = defaultdict(list), defaultdict(list)
    for event in told.scans():
        if event["type"] != "purchase_line":
            assert event["operator"]
            numbers[event["device"]].append(event["device_seq"])
            clocks[event["device"]].append(event["occurred_at"])
    assert len(numbers) > 20
    for device, seqs in numbers.items():
        assert seqs == list(range(1, len(seqs) + 1))
        assert clocks[device] == sorted(clocks[device])


def test_quantities_are_positive_and_have_at_most_four_decimals(told):
    """Only a count may find nothing; weighed goods have decimals."""
    fractions = 0
    for event in told.scans():
        if "quantity" not in event:
            continue
        quantity = Decimal(str(event["quantity"]))
        assert quantity > 0 or (event["type"] == "stocktake" and quantity >= 0)
        assert -quantity.as_tuple().exponent <= 4
        assert quantity < 20_000
        fractions += quantity % 1 != 0
    assert fractions > 100


def test_stock_is_the_sum_of_what_was_sent(told):
    """Folding the scans gives the simulator's stock per warehouse, SKU, lot, bin and status."""
    stock = defaultdict(Decimal)
    numbered = told.scans()
    numbered.sort(key=lambda event: (event["occurred_at"], event.get("device_seq", 0)))
    for event in numbered:
        _post(stock, event)
    told_stock = {cell: quantity for cell, quantity in stock.items() if quantity}
    kept = defaultdict(Decimal)
    for house in told.replay.world.houses:
        for sku, lot, place, status, quantity in house.book():
            kept[house.code, sku, lot, place, status] += Decimal(quantity) / 1000
    assert told_stock == {cell: quantity for cell, quantity in kept.items() if quantity}


def _post(stock, event):
    quantity = Decimal(str(event.get("quantity", 0)))

    def cell(place, status):
        return event["warehouse"], event["sku"], event.get("lot", ""), place, status

    status = event.get("status", "sellable")
    if event["type"] == "stocktake":
        if event["scope"] == "bin":
            covered = event["warehouse"], event["sku"], event["to_bin"]
            stock.update({key: Decimal(0) for key in stock if (*key[:2], key[3]) == covered})
        for line in event.get("lines", [{**event, "bin": event["to_bin"]}]):
            kept = line.get("status", "sellable")
            where = event["warehouse"], event["sku"], line["lot"], line["bin"], kept
            stock[where] = Decimal(str(line["quantity"]))
    elif event["type"] == "status":
        stock[cell(event["from_bin"], event["from_status"])] -= quantity
        stock[cell(event["from_bin"], status)] += quantity
    elif event["type"] != "purchase_line":
        if "from_bin" in event:
            stock[cell(event["from_bin"], status)] -= quantity
        if "to_bin" in event:
            stock[cell(event["to_bin"], status)] += quantity


def test_change_events_chain_up(told):
    """`before` is the last `after`, versions count up, the lsn rises strictly."""
    lsns = [change["source"]["lsn"] for change in told.of(ORDERS)]
    assert all(a < b for a, b in itertools.pairwise(lsns))
    for changes in told.images().values():
        assert changes[0]["op"] in "cr"
        assert changes[0]["before"] is None
        assert [change["after"]["version"] for change in changes] == [*range(1, len(changes) + 1)]
        for first, second in itertools.pairwise(changes):
            assert second["op"] == "u"
            assert second["before"] == first["after"]


def test_the_snapshot_has_its_flags(told):
    """Orders open at the start come as op r, flagged first, true … true, last."""
    flags = [change["source"]["snapshot"] for change in told.of(ORDERS) if change["op"] == "r"]
    assert flags[0] == "first"
    assert flags[-1] == "last"
    assert set(flags[1:-1]) == {"true"}


def test_shipped_is_what_was_scanned(told):
    """What an order line says is shipped was picked, and nothing is shipped beyond the order."""
    scanned = defaultdict(Decimal)
    for event in told.scans("outbound"):
        if "order_id" in event:
            key = event["order_id"], event["line_id"], event["sku"]
            scanned[key] += Decimal(str(event["quantity"]))
    states = Counter()
    for (order_id, line_id), changes in told.images().items():
        row = changes[-1]["after"]
        shipped, ordered = Decimal(row["shipped"]), Decimal(row["ordered"])
        states[row["state"]] += 1
        assert shipped <= scanned[order_id, line_id, row["sku"]] <= ordered
        if row["state"] == "shipped":
            assert shipped == scanned[order_id, line_id, row["sku"]]
            assert shipped + Decimal(row["cancelled"]) == ordered
    assert states["shipped"] > 10 * states["cancelled"] > 0
    assert states["open"] > 20


def test_transfers_arrive_as_they_left(told):
    """An in scan names the document, SKU and lot of an out scan, with the lot's expiry date."""
    out, came = Counter(), Counter()
    for event in told.scans("transfer_out"):
        assert event["due_at"]
        out[event["document"], event["sku"], event["lot"]] += Decimal(str(event["quantity"]))
    for event in told.scans("transfer_in"):
        came[event["document"], event["sku"], event["lot"]] += Decimal(str(event["quantity"]))
    assert came
    assert all(quantity <= out[key] for key, quantity in came.items())
    assert any("expires_on" in event for event in told.scans("transfer_in"))


def test_purchase_lines_are_received(told):
    """Inbound scans name a purchase line, whose later image says how much came."""
    images = {(e["order_id"], e["line_id"]): e for e in told.scans("purchase_line")}
    received = defaultdict(Decimal)
    for event in told.scans("inbound"):
        received[event["order_id"], event["line_id"]] += Decimal(str(event["quantity"]))
    assert len(received) > 100
    for key, quantity in received.items():
        assert Decimal(str(images[key]["received"])) == quantity
        assert images[key]["version"] > 1


def test_it_looks_like_a_business(told):
    """All but a few SKUs are healthy, some short, some piling up, some lots near their date."""
    levels, near, today = Counter(), 0, told.replay.world.clock.day(told.replay.world.end)
    for shelf in told.replay.shelves:
        piece, level = shelf.item.piece, shelf.level
        held = shelf.held + sum(lot.quantity for lot in shelf.dock)
        free = held - shelf.promised - shelf.lacking()
        safety = level.safety * piece
        if free < safety * 0.9:
            levels["red"] += 1
        elif free <= safety:
            levels["yellow"] += 1
        else:
            levels["over" if held > level.most * piece else "green"] += 1
        near += any(lot.expires - today <= 15 for lot in shelf.lots)
    total = levels.total()
    assert total > 5000
    assert levels["green"] > 0.9 * total
    assert 0 < levels["red"] < 0.02 * total
    assert 0 < levels["over"] < 0.02 * total
    assert 0 < near < 0.15 * total


def test_every_kind_of_event_and_mishap_happens(told):
    """All movement types occur, and something has gone wrong that alerts must find."""
    kinds = Counter(event["type"] for event in told.scans())
    assert {"inbound", "outbound", "transfer_out", "transfer_in", "move", "stocktake", "return",
            "scrap", "status", "purchase_line"} <= set(kinds)  # fmt: skip
    rows = {key: changes[-1]["after"]["sku"] for key, changes in told.images().items()}
    picks = [event for event in told.scans("outbound") if "order_id" in event]
    assert any(event["sku"] != rows[event["order_id"], event["line_id"]] for event in picks)
    arrived = {event["document"] for event in told.scans("transfer_in")}
    late = [e for e in told.scans("transfer_out") if e["document"] not in arrived]
    assert any(event["due_at"] < UNTIL.isoformat() for event in late)
    assert any(shelf.held < 0 for shelf in told.replay.shelves)
    assert _overweight(told)


def _overweight(told):
    weights, limits = Counter(), {}
    kilograms = {item.sku: item.kg or 0 for item in told.replay.world.items}
    for house in told.replay.world.houses:
        limits |= {(house.code, place.bin): place.weight for place in house.plan.places}
        for sku, _, place, _, quantity in house.book():
            weights[house.code, place] += quantity / 1000 * kilograms[sku]
    return any(kg > (limits[place] or 1e9) + 50 for place, kg in weights.items())


def test_high_value_goods_are_filmed_mostly(told):
    """Nearly every movement of high-value goods links to its video."""
    dear = {item.sku for item in told.replay.world.items if item.high_value}
    seen = [e for e in told.scans() if e["sku"] in dear and e["type"] != "purchase_line"]
    filmed = sum("video_url" in event for event in seen)
    assert 0.85 * len(seen) < filmed < len(seen)


def test_master_data_come_first(told):
    """Warehouses, items, bins and policies are known before the first scan, in two languages."""
    first = next(n for n, m in enumerate(told.messages) if m.topic != MASTER)
    kinds = Counter(value["type"] for value in told.values[:first])
    assert kinds["warehouse"] == 3
    assert kinds["item"] == len(told.replay.world.items)
    assert kinds["policy"] > kinds["item"]
    items = [value for value in told.values[:first] if value["type"] == "item"]
    assert all(item["name"] and item["name_zh"] and item["unit_cost"] > 0 for item in items)
    assert sum("unit_weight" in item for item in items) > 0.8 * len(items)
    bins = {(v["warehouse"], v["bin"]) for v in told.values[:first] if v["type"] == "bin"}
    used = {(e["warehouse"], e[f]) for e in told.scans() for f in ("from_bin", "to_bin") if f in e}
    assert used <= bins


def test_memory_holds_the_stock_and_not_the_stream(told):
    """The whole simulator is a few megabytes after tens of thousands of messages."""
    assert sum(len(message.value) for message in told.messages) > 25_000_000
    assert len(pickle.dumps(told.replay, protocol=5)) < 8_000_000


def test_the_live_stream_goes_on_with_the_time_of_the_wall(day, replay):
    """After the history events carry now; a pickled replay goes on in the same way."""
    copy = pickle.loads(pickle.dumps(replay))  # noqa: S301 - our own bytes
    before = time.time()
    live = list(itertools.islice(replay.live(speed=600), 300))
    assert before - 1 < live[0].at.timestamp()
    assert live[-1].at.timestamp() < before + 300
    assert all(a.at <= b.at for a, b in itertools.pairwise(live))
    same = itertools.islice(copy.live(speed=600), 300)
    assert [(m.topic, m.key) for m in same] == [(m.topic, m.key) for m in live]
    assert {m.value for m in live}.isdisjoint(m.value for m in day)


def test_live_ends_when_told_and_goes_on_later(replay):
    """`stopping` ends the stream at the end of a step; the next stream repeats nothing."""
    calls = itertools.count()
    first = list(replay.live(speed=600, stopping=lambda: next(calls) > 100))
    second = list(itertools.islice(replay.live(speed=600), 200))
    assert first
    assert {m.value for m in first}.isdisjoint(m.value for m in second)
    numbers = defaultdict(list)
    for value in (msgspec.json.decode(m.value) for m in first + second):
        if "device" in value:
            numbers[value["device"]].append(value["device_seq"])
    assert all(b - a == 1 for seqs in numbers.values() for a, b in itertools.pairwise(seqs))


def test_a_renewed_session_repeats_no_number(day, replay):
    """After a kill nobody knows what was sent: devices, documents and the lsn start afresh."""
    devices = {d for m in day if (d := _device(m))}
    replay.renew(2)
    fresh = {d for m in itertools.islice(replay.live(speed=600), 500) if (d := _device(m))}
    assert fresh
    assert devices.isdisjoint(fresh)


def _device(message):
    _, mark, rest = message.value.partition(b'"device":"')
    return rest.split(b'"')[0] if mark else None


@pytest.mark.parametrize(
    "change",
    [
        {"days": 0},
        {"days": 331},
        {"warehouses": 9},
        {"repeats": 1.0},
        {"late": -0.1},
        {"speed": 0},
        {"skus": 5},
        {"until": UNTIL.replace(tzinfo=None)},
        {"offline": (("SHA", 25.0),)},
        {"offline": (("MARS", 2.0),)},
    ],
)
def test_options_that_cannot_be_are_named(change):
    """A wrong option is one sentence that names it."""
    with pytest.raises(Trouble, match="--"):
        feed(small(**change))


def test_what_a_partner_asks_for_is_ordered_once_under_its_document(replay):
    """An approved action becomes one purchase line that names it, on the topic of the OMS."""
    copy = pickle.loads(pickle.dumps(replay))  # noqa: S301 - our own bytes
    shelf = next(copy.shelves)
    wanted = Purchase(shelf.house.code, shelf.item.sku, 3000, "replenishment-1")
    assert copy.inbox.ask(wanted)
    assert not copy.inbox.ask(wanted)
    assert not copy.inbox.ask(wanted._replace(sku="nobody's", document="replenishment-2"))
    calls = itertools.count()
    sent = list(copy.live(speed=600, stopping=lambda: next(calls) > 20))
    [line] = [msgspec.json.decode(m.value) for m in sent if b"replenishment-1" in m.value]
    assert line["type"] == "purchase_line"
    assert (line["ordered"], line["state"]) == (3, "open")
    assert [m.topic for m in sent if b"replenishment-1" in m.value] == [ORDERS]


def test_incidents_come_when_the_stream_is_live_and_some_are_put_right(replay):
    """Within minutes of the wall a count is withdrawn and a bin with a limit is described anew."""
    copy = pickle.loads(pickle.dumps(replay))  # noqa: S301 - our own bytes
    reached = time.time() + 100
    seen = Counter()
    for message in copy.live(speed=600):
        seen[msgspec.json.decode(message.value).get("type")] += 1
        if message.at.timestamp() > reached:
            break
    assert seen["cancel"] == 1
    assert seen["bin"] == 1
