"""The files of `provisioning/alerting`: what Grafana reads at its start and at a reload.

What an earlier release had and this one has not is deleted by `90-removed.yaml`: Grafana keeps what
a file no longer names. `released.txt` holds every uid ever released; a line is never taken out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from grafana.alerting import contacts, house, policies, rules, templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grafana.alerting.house import Json

RELEASED = Path(__file__).with_name("released.txt")
FOLDER = Path("provisioning", "alerting")


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out."""
        return data is not None


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def files() -> dict[Path, str]:
    """Return path below `grafana/` → YAML."""
    groups = list(rules.groups())
    points = list(contacts.points())
    return {
        FOLDER / f"{name}.yaml": _yaml(source, document)
        for name, source, document in (
            ("10-templates", "messages.tmpl", {"templates": [_templates()]}),
            ("20-contact-points", "contacts.py", {"contactPoints": points}),
            ("25-mute-times", "policies.py", {"muteTimes": policies.mute_times()}),
            ("30-policies", "policies.py", {"policies": [policies.tree()]}),
            *((f"40-rules-{group['name']}", "rules.py", {"groups": [group]}) for group in groups),
            ("90-removed", "released.txt", removed(uids(groups, points))),
        )
    }


def uids(groups: list[Json], points: list[Json]) -> Iterator[tuple[str, str]]:
    """Yield (kind, uid) of what is there now: kind is `rule` or `contact`."""
    for group in groups:
        yield from (("rule", rule["uid"]) for rule in group["rules"])
    for point in points:
        yield from (("contact", receiver["uid"]) for receiver in point["receivers"])


def current() -> set[tuple[str, str]]:
    """Return (kind, uid) of all that is there now."""
    return set(uids(list(rules.groups()), list(contacts.points())))


def released() -> set[tuple[str, str]]:
    """Return (kind, uid) of all that was ever released."""
    lines = RELEASED.read_text().splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {(kind, uid) for kind, uid in pairs}


def removed(now: Iterator[tuple[str, str]]) -> Json:
    """Return the lists of what is to be deleted: released once, and not there any more."""
    gone = sorted(released() - set(now))
    return {
        "deleteRules": [{"orgId": house.ORG, "uid": uid} for kind, uid in gone if kind == "rule"],
        "deleteContactPoints": [
            {"orgId": house.ORG, "uid": uid} for kind, uid in gone if kind == "contact"
        ],
    }


def _templates() -> Json:
    return {"orgId": house.ORG, "name": "waterline", "template": templates.text()}


def _yaml(source: str, document: Json) -> str:
    head = f"# Made from grafana/alerting/{source} by `python -m grafana.build`: change that.\n"
    body = yaml.dump(
        {"apiVersion": 1, **document},
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=True,
        width=10_000,  # a template is one line
    )
    return head + body
