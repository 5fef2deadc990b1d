"""Which alert goes to whom, and how often: by role, then by severity; nights are for critical ones.

An alert of several roles goes to each of them (`continue`). What matches nobody, and what says that
a rule could not be evaluated, goes to the fallback, which does not need the relay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana.alerting import house

if TYPE_CHECKING:
    from grafana.alerting.house import Json

PACES = {
    "critical": (["..."], "0s", "10s", "4h"),
    "warning": (["alertname", "warehouse"], "10s", "1m", "12h"),
    "info": (["alertname", "warehouse"], "1m", "10m", "1d"),
}
"""Severity → grouped by, waits for more of its group, then at least between, repeated after."""


def tree() -> Json:
    """Return the policy tree."""
    routes = [
        _route(
            house.FALLBACK,
            ['alertname =~ "DatasourceError|DatasourceNoData"'],
            (["alertname", "datasource_uid"], "0s", "5m", "1h"),
        ),
        _route(
            house.FALLBACK,
            ['kind = "heartbeat"'],
            (["alertname"], "0s", "30s", "30m"),
            goes_on=True,
        ),
    ]
    routes += [_pda(role) for role in house.PDA_ROLES]
    routes += [_role(role) for role in house.ROLES]
    return {
        "orgId": house.ORG,
        **_route(house.FALLBACK, [], (["alertname", "warehouse"], "10s", "1m", "4h")),
        "routes": routes,
    }


def mute_times() -> list[Json]:
    """Return the hours in which only critical alerts ring."""
    times = [
        {"start_time": "22:00", "end_time": "24:00"},
        {"start_time": "00:00", "end_time": "07:00"},
    ]
    return [
        {
            "orgId": house.ORG,
            "name": house.NIGHTS,
            "time_intervals": [{"times": times, "location": house.TIMEZONE}],
        }
    ]


def of_role(role: str) -> str:
    """Return the matcher of a role in the label `roles`, names with commas between them."""
    return f'roles =~ "(.*,)?{role}(,.*)?"'


def _role(role: str) -> Json:
    """Return the branch of a role, a leaf for each severity."""
    name = house.contact(role)
    leaves = []
    for severity, pace in PACES.items():
        leaf = _route(name, [f'severity = "{severity}"'], pace)
        if severity != "critical":
            leaf["mute_time_intervals"] = [house.NIGHTS]
        leaves.append(leaf)
    return {**_route(name, [of_role(role)], PACES["warning"], goes_on=True), "routes": leaves}


def _pda(role: str) -> Json:
    """Return the branch of a role's PDAs: what is critical, one message for all of a while.

    Grafana sends all groups over one connection and loses what goes out in parallel.
    """
    matchers = [of_role(role), 'severity = "critical"']
    return _route(house.pda(role), matchers, (["team"], "5s", "30s", "4h"), goes_on=True)


def _route(
    receiver: str,
    matchers: list[str],
    pace: tuple[list[str], str, str, str],
    *,
    goes_on: bool = False,
) -> Json:
    group_by, wait, interval, repeat = pace
    made: Json = {
        "receiver": receiver,
        "group_by": list(group_by),
        "group_wait": wait,
        "group_interval": interval,
        "repeat_interval": repeat,
    }
    if matchers:
        made["matchers"] = matchers
    if goes_on:
        made["continue"] = True
    return made
