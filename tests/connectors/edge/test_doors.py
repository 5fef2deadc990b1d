"""What the edge takes and refuses: over HTTP, from a folder, from standard input."""

from __future__ import annotations

import http.client
import json
import os
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from connectors.edge import report
from connectors.kafka import SCANS
from connectors.trouble import Trouble
from flows.commands.edge import both
from flows.settings import Settings
from tests.connectors.edge.site import NOWHERE, ROOT, Site, scan, site
from tests.dataflow.running import change, read

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def open_site(stack, tmp_path_factory):
    """Give an edge without a broker, shared by tests that look at answers."""
    folder = tmp_path_factory.mktemp("edge")
    settings = Settings(stack.dsn, NOWHERE, "", "en", "Asia/Shanghai", folder)
    made = Site(settings, folder)
    made.start("--warehouse", "SHA")
    yield made
    made.kill()


def test_what_is_absent_is_filled_in(open_site):
    """Id, device, number, warehouse and time: the answer says what they are."""
    status, one = open_site.post({"type": "inbound", "sku": "A", "quantity": "1.5"})
    _, two = open_site.post({"type": "inbound", "sku": "A", "quantity": 1.5})
    assert status == 202
    assert one["device"] == "SH-1"
    assert two["device_seq"] == one["device_seq"] + 1
    assert len({one["event_id"], two["event_id"]}) == 2


def test_a_list_and_json_lines_are_taken(open_site):
    """Also one object over several lines."""
    assert open_site.post([scan(50), scan(51)])[1]["scans"][1]["event_id"] == "scan-51"
    lines = "\n".join(json.dumps(scan(number)) for number in (52, 53, 54)).encode()
    assert len(open_site.post(lines)[1]["scans"]) == 3
    assert open_site.post(json.dumps(scan(55), indent=2).encode())[1]["event_id"] == "scan-55"
    one = json.dumps(scan(56)).encode()
    assert len(open_site.post(one, Content_Type="application/x-ndjson")[1]["scans"]) == 1


def test_a_retry_is_answered_alike_and_an_id_with_other_content_refused(open_site):
    """Even when the edge had filled in the time."""
    first = open_site.post(scan(60, device="pda-6"))
    again = open_site.post(scan(60, device="pda-6"))
    assert again == (202, {**first[1], "repeat": True})
    status, told = open_site.post(scan(60, device="pda-6", quantity=3))
    assert (status, told["error"]["code"]) == (409, "conflict")


def test_a_device_s_own_numbers_are_kept(open_site):
    """One that is taken is refused, with the event that has it."""
    assert open_site.post(scan(70, device="pda-7", device_seq=41))[1]["device_seq"] == 41
    assert open_site.post(scan(71, device="pda-7"))[1]["device_seq"] == 42
    status, told = open_site.post(scan(72, device="pda-7", device_seq=42))
    assert (status, told["error"]["field"]) == (409, "device_seq")
    assert "scan-71" in told["error"]["message"]


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"quantity": -1}, "bad_value", "quantity"),
        ({"sku": None}, "missing_field", "sku"),
        ({"type": "teleport"}, "unknown_type", "type"),
        ({"type": "tick"}, "unknown_type", "type"),
        ({"quantity": [1]}, "wrong_type", "quantity"),
        ({"occurred_at": "yesterday"}, "bad_time", "occurred_at"),
        ({"occurred_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
         "clock_future", "occurred_at"),
        ({"device_seq": 7}, "missing_field", "device"),
        ({"event_id": "x" * 101}, "bad_text", "event_id"),
        ({"operator": "\u0000"}, "bad_text", "operator"),
    ],
)  # fmt: skip
def test_a_bad_scan_is_refused_with_the_field_and_kept_nowhere(open_site, value, code, field):
    """One sentence, in the language that the sender asks for."""
    before = open_site.status()
    status, told = open_site.post({**scan(80), **value})
    assert (status, told["error"]["code"], told["error"]["field"]) == (422, code, field)
    _, chinese = open_site.post({**scan(80), **value}, Accept_Language="zh-CN,zh;q=0.9")
    assert f"`{field}`：" in chinese["error"]["message"]
    after = open_site.status()
    assert after["waiting"] == before["waiting"]
    assert after["refused"] == before["refused"] + 2


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1", b"7", b"null", b'"x"', b"[[]]", b"\xff\xfe", b"[" * 5000, b"{}", b"[null]",
     b'{"type": "inbound", "quantity": 1e999999999}', b"nothing\n\nof this is json",
     b'{"event_id": "\\ud800"}'],
)  # fmt: skip
def test_no_bytes_break_the_edge(open_site, body):
    """What is no scan is refused; the edge lives."""
    status, told = open_site.post(body)
    assert status == 422
    assert told["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"  ", b"[]"])
def test_nothing_is_no_request(open_site, body):
    """Neither an empty body nor an empty list."""
    assert open_site.post(body)[0] == 422


def test_of_a_list_with_a_bad_scan_nothing_is_kept(open_site):
    """The answer says which one it is."""
    before = open_site.status()["waiting"]
    status, told = open_site.post([scan(90), scan(91), scan(92, quantity=0)])
    assert (status, told["error"]["scan"]) == (422, 3)
    assert open_site.status()["waiting"] == before


def test_limits(open_site):
    """Too many scans, too many bytes, a scan that the centre would not take."""
    assert open_site.post([scan(1)] * 1001)[0] == 413
    assert open_site.post(scan(100, reason="x" * 1_000_000))[0] == 413
    assert open_site.post(b" " * 5_000_000)[0] == 413
    status, _ = open_site.call("POST", "/scans", iter([b"{}"]), Transfer_Encoding="chunked")
    assert status == 411


QIMEN = """<?xml version="1.0" encoding="utf-8"?><request><items><item>
<ownerCode>H1</ownerCode><warehouseCode>SHA</warehouseCode><orderCode>O1</orderCode>
<orderType>CGRK</orderType><outBizCode>B1</outBizCode><itemCode>I1</itemCode><quantity>5</quantity>
<changeTime>2026-11-20 10:00:00</changeTime></item></items></request>"""


def test_foreign_messages_are_forwarded_as_they_came(settings, tmp_path):
    """With their format in a header; the same bytes are a repeat; an unknown format is refused."""
    with site(settings, tmp_path) as one:
        one.start()
        assert one.post(b"<x/>", "/scans?format=nonsense")[0] == 422
        assert one.post(b"<x/>", "/scans?format=qimen")[0] == 422
        status, told = one.post(QIMEN.encode(), "/scans?format=qimen")
        assert (status, told["device"], told["device_seq"]) == (202, None, None)
        assert one.post(QIMEN.encode(), "/scans?format=qimen")[1] == {**told, "repeat": True}
        one.until(one.drained)
        found = [message for part in range(4) for message in read(settings, SCANS, part)]
        assert [(m.value(), m.headers()) for m in found] == [
            (QIMEN.encode(), [("format", b"qimen")])
        ]  # fmt: skip
        assert one.command("prove").returncode == 0


def test_what_the_centre_lacks_is_named(settings, tmp_path):
    """Acknowledged by the broker is not enough: exit code 1 and the numbers."""
    with site(settings, tmp_path) as one:
        one.start("--drain-rate", "1000")
        one.post([scan(number, device="pda-1") for number in range(9)])
        one.until(one.drained)
        known = "INSERT INTO device_sequences (log_partition, device, last_seq) VALUES "
        change(settings, known + "(0, 'pda-1', 5), (1, 'pda-1', 8)")
        seen = "INSERT INTO device_blocks (device, span, first_seq, log_partition, bits) VALUES "
        change(settings, seen + "('pda-1', 1, 1, 0, B'11101'::bit(1024)),"
               " ('pda-1', 1, 1, 1, B'00000001'::bit(1024))")  # fmt: skip
        told = one.command("prove")
        assert told.returncode == 1
        assert "pda-1: 5 of 9 arrived; missing: 4, 6–7, 9" in told.stdout
        assert json.loads(one.command("prove", "--json").stdout)["devices"] == [
            {"device": "pda-1", "kept": 9, "arrived": 5, "missing": [[4, 4], [6, 7], [9, 9]]}
        ]  # fmt: skip


def test_pages_of_a_browser_are_refused(open_site):
    """DNS rebinding (Host) and cross-site posts (Origin)."""
    assert open_site.post(scan(1), Host="evil.example")[0] == 421
    assert open_site.post(scan(1), Host="evil.example:8787")[0] == 421
    assert open_site.post(scan(1), Origin="https://evil.example")[0] == 403
    assert open_site.call("GET", "/status", Host="localhost:1")[0] == 200
    assert open_site.call("GET", "/nothing")[0] == 404


def test_status_is_told_while_the_edge_runs(open_site):
    """By the command, for people and for programs, in both languages."""
    open_site.post(scan(110, device="pda-11"))
    open_site.until(lambda: open_site.status()["state"] == "offline", 10)
    found = json.loads(open_site.command("status", "--json").stdout)
    assert found["state"] == "offline"
    assert found["waiting"] > 0
    assert {"device": "pda-11", "last": 1, "kept": 1, "sent": 0, "holes": []} in found["devices"]
    assert "waiting: " in open_site.command("status").stdout
    assert "已离线" in open_site.command("status", WATERLINE_LANG="zh-CN").stdout


def test_a_second_edge_on_the_store_is_refused(open_site):
    """In one sentence; the first goes on."""
    told = open_site.command("run", "--listen", "127.0.0.1:0")
    assert told.returncode == 1
    assert "has the store" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert open_site.healthy()


def test_other_machines_need_a_token(open_site, tmp_path):
    """Without one the edge does not start on an address that they can reach."""
    told = open_site.command("run", "--listen", "0.0.0.0:0")
    assert told.returncode == 2
    assert "WATERLINE_EDGE_TOKEN" in told.stderr
    (tmp_path / "token").write_text("s3cret\n")
    with site(open_site.settings, tmp_path, "T") as one:
        one.start(brokers=NOWHERE, wait=False, WATERLINE_EDGE_TOKEN_FILE=str(tmp_path / "token"))
        one.until(one.healthy)
        assert one.post(scan(1))[0] == 401
        assert one.post(scan(1), Authorization="Bearer s3cre")[0] == 401
        assert one.post(scan(1), Authorization="Bearer s3cret")[0] == 202
        assert one.call("GET", "/status")[0] == 401


def test_no_room_is_told_and_nothing_is_half_written(open_site, tmp_path):
    """Writes fail in the middle, as on a full disk; with room again the edge goes on."""
    with site(open_site.settings, tmp_path, "F") as one:
        one.start(brokers=NOWHERE)
        pid, kept = one.process.pid, []
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (300_000, limits[1]))
        for number in range(500):
            status, told = one.post(scan(number, reason="r" * 1900))
            if status != 202:
                break
            kept.append(told)
        assert status == 507
        assert "no room" in told["error"]["message"]
        assert one.status()["waiting"] == len(kept)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        assert one.post(scan(number))[1]["device_seq"] == len(kept) + 1
        one.kill()
        one.start(brokers=NOWHERE)
        assert one.status()["waiting"] == len(kept) + 1


def test_many_senders_share_commits(open_site, tmp_path):
    """At least 200 scans a second, each on disk before its answer, from eight connections."""
    with site(open_site.settings, tmp_path, "Q") as one:
        one.start(brokers=NOWHERE)

        def work(sender):
            connection = http.client.HTTPConnection("127.0.0.1", one.port)
            for number in range(100):
                body = json.dumps(scan(sender * 1000 + number))
                connection.request("POST", "/scans", body)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 202
            connection.close()

        threads = [threading.Thread(target=work, args=(sender,)) for sender in range(8)]
        since = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = 800 / (time.monotonic() - since)
        assert one.status()["waiting"] == 800
        assert one.stop() < 5
    assert rate > 200, f"{rate:.0f} scans/s"


def test_an_idle_or_broken_connection_hurts_nobody(open_site):
    """A sender that sends half a request, or nothing."""
    with socket.create_connection(("127.0.0.1", open_site.port)) as half:
        half.sendall(b"POST /scans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        with socket.create_connection(("127.0.0.1", open_site.port)):
            assert open_site.post(scan(120))[0] == 202


def feed(folder, name, count, first=0):
    """Move a file of scans into the folder, as a scanner's software would."""
    part = folder / f"{name}.part"
    lines = [json.dumps({**scan(first + n), "event_id": None}) for n in range(count)]
    part.write_text("\n".join(lines) + "\n")
    os.utime(part, (time.time() - 60, time.time() - 60))
    part.rename(folder / name)


def test_files_are_taken_exactly_once_through_kills(settings, tmp_path):
    """Killed again and again in the middle of files without ids: every line arrives once."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with site(settings, tmp_path) as one:
        for number in range(4):
            feed(inbox, f"f{number}.jsonl", 1500, 1500 * number)
        stages = []
        for wanted in (1, 900, 1600, 3000, 4400):
            one.start("--folder", str(inbox), "--drain-rate", "5000")
            one.until(lambda: kept(one) >= wanted)  # noqa: B023
            one.kill()
            stages.append(kept(one))
        assert sum(stage < 6000 for stage in stages) > 1, stages
        one.start("--folder", str(inbox), "--drain-rate", "5000")
        one.until(lambda: done(one))
        assert one.stop() < 5
        ids = {message["event_id"]: message for message in one.arrived()}
        assert len(ids) == 6000
        assert len({message["sku"] for message in ids.values()}) == 6000
        assert sorted(m["device_seq"] for m in ids.values()) == list(range(1, 6001))
        assert len(list((inbox / "done").iterdir())) == 4


def kept(one):
    """Return how many scans the store has."""
    if not one.store.exists():
        return 0
    try:
        found = report.status(one.store, both, "en")
    except (sqlite3.Error, Trouble):  # it is being made
        return 0
    return found["waiting"] + found["sent"]


def done(one):
    """Return whether the folder's scans are kept and sent."""
    found = report.status(one.store, both, "en")
    return found["sent"] == 6000 and not found["waiting"]


def test_bad_lines_of_a_file_are_put_aside_with_their_reasons(open_site, tmp_path):
    """The good ones are kept; a file that is being written is left; the same one twice is one."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    with site(open_site.settings, tmp_path, "L") as one:
        one.start("--folder", str(inbox), "--listen", f"127.0.0.1:{one.port}", brokers=NOWHERE)
        one.until(one.healthy)
        text = json.dumps(scan(1)) + '\n\nnonsense\n{"type": "inbound"}\n' + json.dumps(scan(2))
        (inbox / "mixed.jsonl").write_text(text)
        time.sleep(1.2)
        assert one.status()["waiting"] == 0
        one.until((inbox / "done" / "mixed.jsonl").exists, 6)
        refused = next((inbox / "refused").glob("mixed.*.jsonl")).read_text().splitlines()
        told = [json.loads(line) for line in refused]
        assert [(one["line"], one["code"]) for one in told] == [
            (3, "not_json"), (4, "missing_field")
        ]  # fmt: skip
        assert told[0]["text"] == "nonsense"
        assert (one.status()["waiting"], one.status()["refused"]) == (2, 2)
        with (inbox / "open.jsonl").open("w") as writer:
            writer.write(json.dumps(scan(3)) + "\n")
            writer.flush()
            (inbox / "mixed.jsonl").write_text(text)
            one.until(lambda: len(list((inbox / "done").iterdir())) == 2, 8)
            assert (inbox / "open.jsonl").exists()
        assert (one.status()["waiting"], one.status()["refused"]) == (2, 2)
        one.until((inbox / "done" / "open.jsonl").exists, 8)
        assert one.status()["waiting"] == 3


def test_standard_input_is_answered_line_by_line_and_ends_when_all_has_arrived(settings, tmp_path):
    """Every answer is a JSON object; exit code 0."""
    with site(settings, tmp_path) as one:
        lines = [json.dumps(scan(number)) for number in range(300)]
        lines[7] = "nonsense"
        ended = subprocess.run(
            [sys.executable, "-m", "flows.cli", "edge", "--store", str(one.store), "--stdin",
             "--drain-rate", "2000"],
            cwd=ROOT, env=one.environ(), input="\n".join(lines), capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        answers = [json.loads(line) for line in ended.stdout.splitlines()]
        assert answers[7]["error"]["code"] == "not_json"
        assert [one["device_seq"] for one in answers if "error" not in one] == list(range(1, 300))
        assert len({message["event_id"] for message in one.arrived()}) == 299
