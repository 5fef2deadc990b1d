"""Each rule has its section in the runbook and its name in the database's comments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.comments import read_comments
from flows.cli import MODULES
from flows.domain.events import POLICY_FIELDS
from flows.domain.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "deploy" / "runbook.md").read_text()
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_rule_has_a_section_and_every_section_a_rule():
    """In the order of the rules, so that one is found; last, what Grafana asks by itself."""
    assert list(SECTIONS) == [*(rule.runbook for rule in RULES.values()), "heartbeat"]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_says_what_it_means_what_to_look_at_what_to_do_and_how_it_ends(name):
    """Four points, in that order, each a line."""
    points = re.findall(r"^- \*\*(.+?):\*\* \S.*$", SECTIONS[name], re.MULTILINE)
    assert points == ["Means", "Look first", "Do", "Ends"]
    assert len(SECTIONS[name].split()) < 120


@pytest.mark.parametrize("name", SECTIONS)
def test_commands_and_policies_that_a_section_names_exist(name):
    """Nobody types in vain at three in the morning."""
    quoted = re.findall(r"`([^`]+)`", SECTIONS[name])
    commands = {one.split()[1] for one in quoted if one.startswith("waterline ")}
    assert commands <= {command for names in MODULES.values() for command in names}
    fields = {one for one in quoted if re.fullmatch(r"[a-z]+(_[a-z]+)+", one)}
    assert fields <= {*POLICY_FIELDS, "due_at", "max_weight", "unit_weight"}


def test_the_comment_of_the_column_rule_names_every_rule():
    """In both languages: analysts and boards read it there."""
    [comment] = [one for one in read_comments(ROOT / "sql" / "comments") if one.name == "*.rule"]
    for text in (comment.english, comment.chinese):
        assert re.split(r"[:：] ?", text)[1].rstrip(".。").split(", ") == list(RULES)
