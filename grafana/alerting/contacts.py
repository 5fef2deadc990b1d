"""Contact points: a webhook a role to the relay, MQTT for PDAs, and a fallback without the relay.

Every address and secret is a variable of Grafana's environment, without which it refuses to start:
`waterline grafana --env` gives each a harmless value, and grafana/README.md lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana.alerting import house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grafana.alerting.house import Json

MOST = 200
"""Alerts of one webhook message; how many were left out is said in it."""


def points() -> Iterator[Json]:
    """Yield every contact point."""
    for role in house.ROLES:
        yield _point(house.contact(role), [_relay(role)])
    for role in house.PDA_ROLES:
        yield _point(house.pda(role), [_mqtt(role)])
    yield _point(house.FALLBACK, [_wecom(), _mail()])


def _point(name: str, receivers: list[Json]) -> Json:
    return {"orgId": house.ORG, "name": name, "receivers": receivers}


def _relay(role: str) -> Json:
    """Return the webhook to the relay; it signs `timestamp:body` by HMAC-SHA256."""
    return {
        "uid": f"wl-{house.contact(role)}",
        "type": "webhook",
        "settings": {
            "url": f"$WATERLINE_RELAY_URL/v1/notify/{role}",
            "httpMethod": "POST",
            "maxAlerts": str(MOST),
            "hmacConfig": {
                "secret": "$WATERLINE_RELAY_SECRET",
                "header": "X-Waterline-Signature",
                "timestampHeader": "X-Waterline-Timestamp",
            },
            "payload": {
                "template": '{{ template "wl.payload" . }}',
                "vars": {"role": role},
            },
        },
    }


def _mqtt(role: str) -> Json:
    """Return the topic of a role's PDAs; one message a group, so that few go at once."""
    return {
        "uid": f"wl-{house.pda(role)}",
        "type": "mqtt",
        "settings": {
            "brokerUrl": "$WATERLINE_MQTT_URL",
            "username": "$WATERLINE_MQTT_USER",
            "password": "$WATERLINE_MQTT_PASSWORD",
            "topic": f"waterline/alerts/{role}",
            "messageFormat": "text",
            "message": '{{ template "wl.pda" . }}',
            "qos": "1",
            "retain": False,
        },
    }


def _wecom() -> Json:
    """Return the robot of a WeCom group."""
    return {
        "uid": "wl-fallback-wecom",
        "type": "wecom",
        "settings": {
            "url": "$WATERLINE_WECOM_ROBOT_URL",
            "msgtype": "markdown",
            "title": '{{ template "wl.title" . }}',
            "message": '{{ template "wl.wecom" . }}',
        },
    }


def _mail() -> Json:
    return {
        "uid": "wl-fallback-mail",
        "type": "email",
        "settings": {
            "addresses": "$WATERLINE_ALERT_MAIL",
            "singleEmail": True,
            "subject": '{{ template "wl.mail.title" . }}',
            "message": '{{ template "wl.mail" . }}',
        },
    }
