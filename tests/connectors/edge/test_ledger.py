from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading

import pytest

from connectors.edge import entries, report
from connectors.edge.ledger import Full, Ledger, running
from connectors.edge.scan import Refusal, Scan, new_id, ranges
from connectors.trouble import Trouble
from flows.commands.edge import both


@pytest.fixture
def ledger(tmp_path):
    """Give an open store."""
    made = Ledger(tmp_path / "edge.db", both)
    yield made
    made.close()


def a_scan(event_id, device="pda", seq=None, content=b"c", size=1):
    """Return a scan whose body is its number."""
    return Scan(event_id, content, b"SHA", lambda given: b"%d" % (given or 0) * size, device, seq)


def keep(ledger, *scans):
    """Keep scans in one request."""
    return ledger.do(lambda db: entries.put(db, scans, both))


def waiting(ledger):
    """Return the numbers that wait."""
    return [row.number for row in ledger.do(lambda db: entries.oldest(db, 0, 10_000))]


def test_each_device_is_numbered_from_1_without_holes(ledger):
    """The number is given in the transaction that keeps the scan."""
    kept = keep(ledger, a_scan("a"), a_scan("b", "gate"), a_scan("c"))
    assert [(one.device, one.device_seq) for one in kept] == [("pda", 1), ("gate", 1), ("pda", 2)]
    assert ledger.do(lambda db: entries.oldest(db, 0, 9))[2].body == b"2"


def test_a_device_that_numbers_itself_keeps_its_numbers(ledger):
    """What the edge assigns afterwards comes behind them; a taken number is a conflict."""
    kept = keep(ledger, a_scan("a", seq=7), a_scan("b", seq=5), a_scan("c"))
    assert [one.device_seq for one in kept] == [7, 5, 8]
    with pytest.raises(Refusal, match="belongs to event b"):
        keep(ledger, a_scan("d", seq=5))


def test_a_repeat_is_answered_alike_and_kept_once(ledger):
    """Also after it was sent and its body is gone."""
    first = keep(ledger, a_scan("a"))[0]
    ledger.do(lambda db: entries.mark_sent(db, [first.number]))
    assert keep(ledger, a_scan("a"))[0] == first._replace(repeat=True)
    assert waiting(ledger) == []


def test_the_same_id_with_other_content_is_a_conflict(ledger):
    """It names the scan that has the id."""
    keep(ledger, a_scan("a"))
    with pytest.raises(Refusal) as caught:
        keep(ledger, a_scan("a", content=b"other"))
    assert (caught.value.status, caught.value.code) == (409, "conflict")
    assert "第 1 条" in caught.value.told("zh-CN")["message"]


def test_of_a_request_all_is_kept_or_nothing(ledger):
    """The numbers that a refused request had taken are free again."""
    keep(ledger, a_scan("a"))
    with pytest.raises(Refusal) as caught:
        keep(ledger, a_scan("b"), a_scan("a", content=b"other"))
    assert caught.value.place == 2
    assert keep(ledger, a_scan("c"))[0].device_seq == 2


def test_requests_that_come_together_do_not_hurt_each_other(ledger):
    """They share transactions; the bad one among them is alone refused."""
    refused, seqs = [], []

    def work(number):
        try:
            content = b"c" if number % 10 else b"%d" % number
            seqs.append(keep(ledger, a_scan(f"e{number // 10 * 10}", content=content))[0])
        except Refusal as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) + len(seqs) == 200
    assert sorted({one.device_seq for one in seqs}) == list(range(1, 21))


def test_a_store_without_room_keeps_nothing_of_what_it_refuses(tmp_path):
    """And takes scans again when others have gone."""
    ledger = Ledger(tmp_path / "edge.db", both, max_mb=1)
    kept = 0
    try:
        while kept < 1000:
            keep(ledger, a_scan(f"e{kept}", size=20_000), a_scan(f"f{kept}", size=20_000))
            kept += 1
    except Full:
        pass
    assert 0 < kept < 1000
    assert len(waiting(ledger)) == 2 * kept
    ledger.do(lambda db: entries.mark_sent(db, waiting_rows(db)))
    assert keep(ledger, a_scan("g", size=20_000))[0].device_seq == 2 * kept + 1
    ledger.close()


def waiting_rows(db):
    """Return all numbers that wait."""
    return [row.number for row in entries.oldest(db, 0, 10_000)]


def test_a_second_process_is_told_who_has_the_store(tmp_path):
    """One edge for each store; the lock goes with the process, however it ends."""
    path = tmp_path / "edge.db"
    code = (
        "import sys, time, pathlib; from connectors.edge.ledger import Ledger;"
        "from flows.commands.edge import both;"
        "Ledger(pathlib.Path(sys.argv[1]), both); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"up\n"
        with pytest.raises(Trouble, match=rf"another process \({other.pid}\) has the store"):
            Ledger(path, both)
        assert running(path)
        other.kill()
    assert not running(path)
    Ledger(path, both).close()


def test_a_file_that_is_no_store_is_left_alone(tmp_path):
    """Somebody else's database, or none at all."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and rather longer than a header of SQLite would be" * 9)
    with pytest.raises(Trouble, match="cannot be used as the store of an edge"):
        Ledger(path, both)
    assert path.read_text().startswith("not a database")


def test_another_program_s_database_is_left_alone(tmp_path):
    """Its tables are not ours, so ours are not put beside them."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE scans (x)")
    other.close()
    with pytest.raises(Trouble, match="cannot be used"):
        Ledger(path, both)


def test_what_arrived_long_ago_is_forgotten_but_never_what_waits(ledger):
    """The device's last number is kept: it goes on from there."""
    keep(ledger, *(a_scan(f"e{number}") for number in range(10)))
    ledger.do(lambda db: entries.mark_sent(db, [1, 2, 3, 5]))
    assert ledger.do(lambda db: entries.prune(db, 1)) == 0
    assert ledger.do(lambda db: entries.prune(db, -1)) == 3
    assert waiting(ledger) == [4, 6, 7, 8, 9, 10]
    assert keep(ledger, a_scan("new"))[0].device_seq == 11


def test_the_report_knows_holes_and_what_has_not_arrived(ledger, tmp_path):
    """Numbers as ranges; the centre's numbers are compared with the store's."""
    keep(ledger, *(a_scan(f"e{seq}", seq=seq) for seq in (1, 2, 3, 6, 9)))
    ledger.do(lambda db: entries.mark_sent(db, [1, 2]))
    path = tmp_path / "edge.db"
    found = report.status(path, both, "en")
    assert (found["waiting"], found["sent"]) == (3, 2)
    assert found["devices"] == [
        {"device": "pda", "last": 9, "kept": 5, "sent": 2, "holes": [(4, 5), (7, 8)]}
    ]
    assert report.prove(path, None, both, "en")[0].missing == [(3, 3), (6, 6), (9, 9)]
    proof = report.prove(path, {"pda": [(1, 1), (3, 7)]}, both, "en")[0]
    assert (proof.arrived, proof.kept, proof.missing) == (3, 5, [(2, 2), (9, 9)])
    assert ranges([(1, 1), (4, 6)]) == "1, 4–6"


def test_ids_are_unique_and_in_the_order_of_time():
    """UUIDs of version 7."""
    found = [new_id() for _ in range(1000)]
    assert len(set(found)) == 1000
    assert {one[14] for one in found} == {"7"}
    assert sorted(found, key=lambda one: one[:13]) == found
