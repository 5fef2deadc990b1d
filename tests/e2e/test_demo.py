"""The demo on a small scale: real flows, incidents of the replay, partners, people who answer."""

from __future__ import annotations

import json
import subprocess
import sys

from deploy.local.flow_processes import stop_processes
from flows import cli
from flows.commands import progress
from tests.dataflow.running import ROOT, clean, environ, rows, wait_for

PLAY = """
from flows.commands import demo
from flows.settings import current
demo.play(3, current(), "--warehouses", "3", "--skus", "2500")
"""
RAISED = {
    "stock_out", "below_safety", "predicted_stock_out", "near_expiry", "transfer_late",
    "outbound_mismatch", "bin_overweight", "shrinkage", "high_value_unrecorded",
    "unexplained_move",
}  # fmt: skip
OVER = {"bin_overweight", "shrinkage", "transfer_late"}
"""What is put right within two minutes."""
ORDERED = """
    SELECT a.action_id FROM actions AS a JOIN journal AS j ON j.body ->> 'document' = a.action_id
    WHERE a.kind = 'replenishment' AND a.state = 'done' AND a.sent_at IS NOT NULL
      AND a.decided_by LIKE '采购%%' AND a.channel = 'demo' AND j.type = 'purchase_line'
"""


def test_the_demo_raises_answers_and_heals(settings, monkeypatch, capsys):
    """Each kind of incident is raised, some end, what is approved comes back as a purchase."""
    for name, value in {**environ(settings), "WATERLINE_METRICS": "off"}.items():
        monkeypatch.setenv(name, value)
    try:
        subprocess.run([sys.executable, "-c", PLAY], cwd=ROOT, timeout=90, check=True)
        wait_for(lambda: _rules(settings, "opened") >= RAISED, 60)
        wait_for(lambda: rows(settings, ORDERED), 30)
        wait_for(lambda: _rules(settings, "resolved") >= OVER, 60)
        _partners_have_heard(settings)
        _people_have_answered(settings)
        _the_summary_tells(capsys)
    finally:
        stop_processes(settings.home, lambda *_, **__: None)
    cli.main(["run", "intake", "stock", "--drain"])
    assert progress.waiting(settings) == 0
    clean(settings)


def _rules(settings, transition):
    query = "SELECT DISTINCT rule FROM alerts WHERE transition = %s"
    return {rule for (rule,) in rows(settings, query, transition)}


def _partners_have_heard(settings):
    """Every partner got what it asked for, signed: a partner takes nothing else."""
    lines = (settings.home / "logs" / f"{settings.topic_prefix}partners.jsonl").read_text()
    heard = [json.loads(line) for line in lines.splitlines()]
    assert {one["partner"] for one in heard} == {"erp", "shop", "carrier"}
    taken = "SELECT DISTINCT receiver FROM deliveries WHERE outcome = 'delivered' AND status = 204"
    assert {name for (name,) in rows(settings, taken)} == {"erp", "shop", "carrier"}
    assert not rows(settings, "SELECT 1 FROM deliveries WHERE status = 401")
    assert not rows(settings, "SELECT 1 FROM dispatches WHERE state = 'given_up'")


def _people_have_answered(settings):
    """Somebody refused with a reason, somebody took an alert on, and how long it took is known."""
    assert rows(settings, "SELECT 1 FROM actions WHERE state = 'rejected' AND reason <> ''")
    assert rows(settings, "SELECT 1 FROM alerts WHERE transition = 'acknowledged' AND note <> ''")
    figures = "SELECT max(to_answer_s), max(to_order_s) FROM response_times"
    [(answer, order)] = rows(settings, figures)
    assert 0 < answer < 600
    assert 0 < order < 3600


def _the_summary_tells(capsys):
    capsys.readouterr()
    assert cli.main(["summary", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["rule"] for row in found["alerts"]} >= RAISED
    assert sum(row["resolved"] for row in found["alerts"]) > 0
    assert {row["kind"] for row in found["actions"]} >= {"replenishment", "expedite"}
    assert found["messages"] >= found["delivered"] > 0.9 * found["messages"]
    assert found["answered"] > 0
    assert found["answer_p50"] is not None
