"""The audit: the log folded again against the live tables, clean and tampered with."""

from __future__ import annotations

import json
import os
import pickle
import time
from datetime import timedelta

import msgspec
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka import LOG, ensure_topics
from connectors.trouble import Trouble
from flows import audit_state
from flows.audit import _recognise, audit
from flows.audit_tables import TABLES
from tests.builders import cancel, inbound, stocktake
from tests.dataflow.running import (
    at,
    change,
    clean,
    command,
    consumed,
    counters,
    drain,
    ended,
    flow,
    lay,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.dataflow.test_stock import day

pytestmark = pytest.mark.stack

TAMPER = {
    "offsets": "UPDATE offsets SET applied = applied - 1, repeats = repeats + 1 WHERE consumed > 9",
    "movements": "DELETE FROM movements WHERE type = 'scrap'",
    "throughput": "UPDATE throughput SET outbound = outbound + 1 WHERE type = 'outbound'",
    "journal": "DELETE FROM journal WHERE type = 'policy'",
    "stock": "UPDATE stock SET value = value + 0.0001 WHERE warehouse = 'A'",
    "stock_daily": "UPDATE stock_daily SET max = max + 1 WHERE warehouse = 'A'",
    "turnover_daily": "UPDATE turnover_daily SET moment = moment + 0.0001",
    "demand_daily": "INSERT INTO demand_daily VALUES ('2020-01-01', 'A', 'S1', 1)",
    "stock_bins": "DELETE FROM stock_bins WHERE warehouse = 'B'",
    "lot_dates": "UPDATE lot_dates SET expires_on = expires_on + 1 WHERE expires_on IS NOT NULL",
    "orders": "UPDATE orders SET shipped = shipped + 1",
    "purchases": "UPDATE purchases SET due_at = due_at + interval '1 us'",
    "transfers": "UPDATE transfers SET lost = lost + 1",
    "counts": "UPDATE counts SET cancelled = NOT cancelled",
    "cancels": "INSERT INTO cancels VALUES (3, 'nobody', 'late', now(), 99)",
    "policies": "UPDATE policies SET value = NULL WHERE field = 'safety_stock'",
    "items": "UPDATE items SET category = NULL",
    "warehouses": "UPDATE warehouses SET name_zh = '北京'",
    "bins": "DELETE FROM bins",
    "device_sequences": "INSERT INTO device_sequences (log_partition, device) VALUES (3, 'x')",
    "device_blocks": "UPDATE device_blocks SET bits = bits | set_bit(bits, 1023, 1)",
    "ticks": "DELETE FROM ticks WHERE log_partition = 2",
    "stock_figures": "UPDATE stock_figures SET basis = '{1,2}' WHERE warehouse = 'A'",
    "alert_state": "UPDATE alert_state SET severity = 'info' WHERE severity = 'critical'",
    "alerts": "UPDATE alerts SET observed = observed || '{\"on_hand\": 0.5}' WHERE warehouse = 'A'",
    "actions": "UPDATE actions SET state = 'done' WHERE standing",
}


def test_each_table_that_was_changed_is_named(settings):
    """One changed, missing or invented row in each table, found with its key; the rest is clean."""
    lay(settings, day())
    drain(settings)
    clean(settings)
    assert set(TAMPER) == {table.name for table in TABLES}
    changed = {table: change(settings, statement) for table, statement in TAMPER.items()}
    assert all(changed.values())
    report = audit(settings)
    assert report.differing == changed
    named = {one.table: one for one in report.differences}
    assert named["bins"].live is None
    assert named["cancels"].expected is None
    assert named["stock"].key == ("A", "S1")
    found = command(settings, "audit", "--json")
    assert found.returncode == 1
    document = json.loads(found.stdout)
    assert document["clean"] is False
    assert document["differing"] == report.differing
    (one,) = [one for one in document["differences"] if one["table"] == "stock"]
    assert one["key"] == ["A", "S1"]
    assert one["columns"] == {"value": {"live": "131.2501", "expected": "131.25"}}
    found = command(settings, "audit")
    assert found.returncode == 1
    for table in TAMPER:
        assert table in found.stdout


def test_rows_that_are_no_longer_kept_are_no_difference(settings):
    """What retention let go of is not missing; a later row that is gone still is."""
    lay(settings, day())
    drain(settings)
    query = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY occurred_at) FROM movements"
    ((middle,),) = rows(settings, query)
    change(settings, f"DELETE FROM movements WHERE occurred_at < '{middle}'")
    assert audit(settings).differing
    change(
        settings,
        f"UPDATE retention SET gone_before = '{middle}' WHERE relation = 'movements'",
    )
    assert audit(settings).differing == {}
    lost = change(settings, f"DELETE FROM movements WHERE occurred_at = '{middle}'")
    assert audit(settings).differing == {"movements": lost}


def test_a_clean_audit_says_so(settings):
    """Exit code 0, and how many messages were folded."""
    put(settings, 0, *receipts(300))
    drain(settings)
    found = command(settings, "audit")
    assert (found.returncode, found.stderr) == (0, "")
    assert "300" in found.stdout
    document = json.loads(command(settings, "audit", "--json").stdout)
    assert document["clean"] is True
    assert document["messages"] == 300


def test_an_audit_while_the_flow_runs_is_clean(settings):
    """It compares one snapshot with the log up to that snapshot's offsets, however it grows."""
    lay(settings, day())
    for partition, house in enumerate("AB"):
        put(settings, partition, *receipts(3000, 3000 * partition, house))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings))
        for more in range(2, 4):
            put(settings, more % 2, *receipts(3000, 3000 * more, "AB"[more % 2]))
            report = audit(settings)
            assert report.differing == {}
            assert report.messages
        running.terminate()
        assert ended(running) == (0, "")
    assert counters(settings)[4] == 1, "the decision on what nobody knows"


def test_a_log_whose_beginning_is_gone_cannot_be_audited(settings):
    """It says so in one sentence and compares nothing."""
    put(settings, 0, *receipts(20))
    drain(settings)
    topic = settings.topic_prefix + LOG
    admin = AdminClient({"bootstrap.servers": settings.brokers})
    (done,) = admin.delete_records([TopicPartition(topic, 0, 5)]).values()
    done.result()
    with pytest.raises(Trouble, match=rf"the log {topic}/0 starts at offset 5: its beginning is"):
        audit(settings)
    found = command(settings, "audit")
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1
    assert "starts at offset 5" in found.stderr


def test_an_empty_installation_is_clean(settings):
    """Nothing on the log, nothing in the tables."""
    drain(settings)
    assert clean(settings).messages == 0


# ---- from a saved state


def more():
    """Return what comes after the state: new, late, repeated and undone."""
    return [
        inbound("S1", 3, bin="P", lot="L1", id="new", at=at(100)),
        inbound("S1", 4, bin="P", lot="L1", id="later", at=at(31)),
        cancel("count", at=at(101)),
        stocktake("S1", 9, bin="Q", at=at(55)),
        *day(),
    ]


def told(report):
    """Return what two audits must agree in."""
    return report.messages, report.rows, report.differing, report.differences


def saved(settings):
    """Audit and save; return the state's file."""
    report = audit(settings, save=True)
    assert report.differing == {}, report.differences[:2]
    assert report.saved is not None
    return report.saved


@pytest.fixture
def business(settings):
    """Give settings of a business of one day, folded."""
    lay(settings, day())
    put(settings, 5, *receipts(400, house="F"))
    drain(settings)
    return settings


def test_an_audit_since_a_state_folds_only_what_came_after_it(business):
    """Late, repeated and cancelling events included, it says what the full audit says."""
    first = audit(business, save=True)
    assert (first.from_state, first.folded) == (None, first.messages)
    lay(business, more())
    drain(business)
    again = audit(business, since="last", save=True)
    full = audit(business)
    assert told(again) == told(full)
    assert full.differing == {}
    assert again.from_state.messages == first.messages
    assert again.folded == full.messages - first.messages > 0
    # and a state that was itself folded from a state is as good
    put(business, 5, *receipts(30, first=400, house="F"))
    drain(business)
    third = audit(business, since="last")
    assert (third.folded, third.differing) == (30, {})


def test_a_row_that_nobody_touched_since_is_compared_all_the_same(business):
    """Every table tampered with, nothing on the log: the same differences as of a full audit."""
    saved(business)
    changed = {table: change(business, statement) for table, statement in TAMPER.items()}
    report = audit(business, since="last")
    assert report.folded == 0
    assert report.from_state is not None
    assert report.differing == changed
    assert told(report) == told(audit(business))


def test_since_a_time_takes_the_newest_state_that_is_not_later(business):
    """By the broker's time of what it holds; without one the whole log is folded."""
    first = audit_state.look(saved(business))
    time.sleep(0.01)
    put(business, 5, *receipts(10, first=400, house="F"))
    drain(business)
    second = audit_state.look(saved(business))
    assert audit(business, since=second.at).from_state.at == second.at
    between = second.at - timedelta(milliseconds=1)
    assert audit(business, since=between).from_state.at == first.at
    report = audit(business, since=first.at - timedelta(milliseconds=1))
    assert (report.from_state, report.unused) == (None, None)
    assert report.folded == report.messages


def test_three_states_are_kept_and_only_clean_audits_leave_one(business):
    """Nothing new, nothing saved; a difference, nothing saved; no file but the states is left."""
    names = []
    for n in range(5):
        put(business, 5, *receipts(1, first=500 + n, house="F"))
        drain(business)
        names.append(saved(business).name)
    assert audit(business, since="last", save=True).saved is None
    put(business, 5, *receipts(1, first=600, house="F"))
    drain(business)
    change(business, "UPDATE orders SET shipped = shipped + 1")
    assert audit(business, save=True).saved is None
    place = audit_state.folder(business)
    assert sorted(one.name for one in place.iterdir()) == names[2:]
    assert {one.stat().st_mode & 0o777 for one in place.iterdir()} == {0o600}
    assert place.stat().st_mode & 0o777 == 0o700


def refused(settings):
    """Audit since the last state, which must not be used; return the sentence's id."""
    report = audit(settings, since="last")
    assert report.from_state is None
    assert report.folded == report.messages
    return report.unused[1]


def test_a_state_that_is_not_to_be_trusted_is_not_read(business, monkeypatch):
    """Of another owner or mode, a link, broken, of other code: why is told, all is folded."""
    state = saved(business)
    whole = state.read_bytes()
    state.chmod(0o644)
    assert refused(business) == "audit.why_owner"
    state.chmod(0o600)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 12345)
        assert refused(business) == "audit.why_owner"
    with monkeypatch.context() as patch:
        patch.setattr(audit_state, "code", lambda: "other")
        assert refused(business) == "audit.why_code"
    for broken in (whole[:-1], whole[:-9] + b"x" + whole[-8:], b"x" + whole[1:], b"", whole[:99]):
        state.write_bytes(broken)
        assert refused(business) == "audit.why_broken"
    state.rename(state.with_suffix(".kept"))
    state.symlink_to(state.with_suffix(".kept"))
    assert refused(business) == "audit.why_unreadable"


def test_a_state_may_hold_nothing_but_the_domain():
    """Whatever else a pickle would call is refused before it is called."""

    class Evil:
        def __reduce__(self):
            return os.system, ("echo evil",)

    part = audit_state.Part(0, "rest", 0, 0, "")
    for piece in (pickle.dumps(Evil()), b"cflows.domain.identity\ndigest\n(Vx\ntR."):
        with pytest.raises(audit_state.Unusable):
            audit_state._restore({}, part, piece)


def refused_by_the_log(settings):
    """Return why the newest state does not fit the log, without a fold."""
    for partition, reached in audit_state.look(audit_state.states(settings)[0]).reached.items():
        try:
            _recognise(settings, partition, reached)
        except audit_state.Unusable as reason:
            return reason.sentence
    return None


def test_a_log_that_was_begun_anew_is_noticed(business):
    """Shorter, or as long with other messages: the state is not used, and the audit differs."""
    saved(business)
    assert refused_by_the_log(business) is None
    topic = business.topic_prefix + LOG
    admin = AdminClient({"bootstrap.servers": business.brokers})
    for done in admin.delete_topics([topic]).values():
        done.result()
    wait_for(lambda: topic not in admin.list_topics(timeout=5).topics)
    ensure_topics(business.brokers, business.topic_prefix)
    put(business, 5, *receipts(400, first=7000, house="F"))
    assert refused_by_the_log(business) == "audit.why_log"
    for partition in range(8):
        put(business, partition, *receipts(60, first=9000, house="A"))
    assert refused(business) == "audit.why_log"
    assert audit(business, since="last").differing


def test_a_database_that_went_back_is_not_compared_with_a_later_state(business):
    """The state is ahead of the offsets: it is not used."""
    saved(business)
    change(business, "UPDATE offsets SET next_offset = next_offset - 1 WHERE log_partition = 5")
    assert refused(business) == "audit.why_ahead"


def test_a_state_outlives_the_beginning_of_the_log(business):
    """What retention has taken is in the state; the full audit cannot be made any more."""
    saved(business)
    put(business, 5, *receipts(20, first=400, house="F"))
    drain(business)
    topic = business.topic_prefix + LOG
    admin = AdminClient({"bootstrap.servers": business.brokers})
    for done in admin.delete_records([TopicPartition(topic, 5, 300)]).values():
        done.result()
    with pytest.raises(Trouble, match="its beginning is gone"):
        audit(business)
    report = audit(business, since="last")
    assert (report.folded, report.differing) == (20, {})


def test_since_as_a_command(business):
    """The sentence names the state; without one standard error says that all is folded."""
    found = command(business, "audit", "--since", "last")
    assert found.returncode == 0
    assert "no saved state can be used for --since last" in found.stderr
    found = command(business, "audit", "--since", "last", "--json")
    document = json.loads(found.stdout)
    assert (found.returncode, found.stderr) == (0, "")
    assert document["since"] == "last"
    assert document["folded"] == 0
    assert document["from_state"]["messages"] == document["messages"] > 0
    found = command(business, "audit", "--since", "last")
    assert "0 messages that came after the saved state of" in found.stdout
    assert command(business, "audit", "--since", "soon").returncode == 2
    audit_state.states(business)[0].chmod(0o644)
    found = command(business, "audit", "--since", "2100-01-01")
    assert "mode 0600" in found.stderr


def test_a_folder_that_may_not_be_written_spoils_no_audit(business):
    """The result stands; standard error says that nothing was saved."""
    business.home.mkdir(exist_ok=True)
    (business.home / "audit").write_text("in the way")
    found = command(business, "audit")
    assert found.returncode == 0
    assert "could not be saved" in found.stderr


def test_a_state_of_many_messages_gives_back_what_was_put_in(business):
    """Twenty thousand rows through the file: the stores are those saved."""
    put(business, 6, *receipts(20_000, house="G"))
    drain(business)
    stores = audit_state.load(saved(business))
    again = audit(business, since="last")
    assert (again.folded, again.differing) == (0, {})
    assert sum(len(rows) for rows in stores[6].movements.values()) == 20_000
    assert stores[6].movements.keys() == stores[6].stock.keys()
    for store in stores.values():
        made = {name for name in vars(store) if name in audit_state._MADE}
        assert made == audit_state._MADE
        assert msgspec.to_builtins(store.counters)["consumed"] == store.counters.consumed
