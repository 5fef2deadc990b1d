"""Every rule of the fold: when it fires, when not, exactly at its edge, how it changes and ends.

Both the model of alerts and the fold have to tell each story; the fold also says why.
"""

from __future__ import annotations

import pytest

from flows.domain.rules import RULES
from tests.alert_stories import told
from tests.alert_stories_found import CASES

STATES = {rule.name for rule in RULES.values() if not rule.watched}


@pytest.mark.parametrize("named", CASES, ids=" - ".join)
def test_every_story_is_told_by_the_model_and_by_the_fold(named):
    """After each event a rule says what the table says, and nothing else."""
    told(CASES[named], named[0])


def test_no_rule_of_the_fold_is_without_its_stories():
    """Each rule has a story in which it fires, must not fire, stands at its edge, and ends."""
    told = {(rule, kind) for rule, kind, _ in CASES}
    kinds = ("fires", "quiet", "edge", "ends")
    assert told >= {(rule, kind) for rule in STATES for kind in kinds}
    assert {rule for rule, _, _ in CASES} == STATES
