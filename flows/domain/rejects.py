"""Why a message is refused: a value, never an exception.

A reject says what was wrong with which field in one sentence; where the message came from
(topic, partition, offset) is known to the step that read it and is added there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

CODES: dict[str, str] = {
    "not_json": "the bytes are not one JSON document in UTF-8 (nor, where allowed, an XML one)",
    "not_an_object": "the JSON is not an object (nor, where allowed, a list of objects)",
    "empty": "the message has no content",
    "too_large": "the message is larger than the limit",
    "unknown_format": "the header `format` names no known format, or no format fits the shape",
    "unknown_type": "`type` is none of the event types, or not one that this topic takes",
    "missing_field": "a needed field is absent, null or empty",
    "wrong_type": "a field has another JSON type than the contract says",
    "bad_value": "a field has a value outside its range or vocabulary",
    "bad_text": "a text holds a control character, a lone surrogate or is too long",
    "bad_time": "a time is not RFC 3339 with an offset, or a date is not a date",
    "clock_future": "occurred_at is more than five minutes ahead of the broker's clock",
    "too_late": "occurred_at is older than the frozen horizon",
    "conflict": "this event_id was seen before with other content",
    "wrong_partition": "the event is on another partition of the log than its warehouse",
    "unknown_action": "no open action or alert of that warehouse has the id that is decided on",
    "already_decided": "the action was decided on before",
}

CODES_ZH: dict[str, str] = {
    "not_json": "内容不是一个 UTF-8 编码的 JSON 文档（允许 XML 时，也不是一个 XML 文档）",
    "not_an_object": "该 JSON 不是一个对象（允许列表时，也不是对象列表）",
    "empty": "消息没有内容",
    "too_large": "消息超过大小上限",
    "unknown_format": "消息头 `format` 不是已知格式，或消息的形状不符合任何格式",
    "unknown_type": "`type` 不是任何事件类型，或本主题不接收该类型",
    "missing_field": "缺少必填字段，或该字段为 null 或空",
    "wrong_type": "字段的 JSON 类型与约定不符",
    "bad_value": "字段的值超出范围，或不在约定的词表中",
    "bad_text": "文本含有控制字符或孤立代理项，或超过长度上限",
    "bad_time": "时间不是带时区偏移的 RFC 3339 格式，或日期无效",
    "clock_future": "occurred_at 比消息代理的时钟超前五分钟以上",
    "too_late": "occurred_at 早于冻结期限",
    "conflict": "该 event_id 曾以其他内容出现过",
    "wrong_partition": "事件所在的日志分区与其仓库不符",
    "unknown_action": "该仓库没有此编号的未结处置建议或告警",
    "already_decided": "该处置建议此前已有决定",
}
"""The same codes for people who read Chinese (zh-CN)."""


AHEAD = timedelta(minutes=5)
"""How far a device's clock may be ahead of the broker's."""


class Reject(msgspec.Struct, frozen=True):
    """One refusal: `code` from CODES, the JSON path of the field (or ""), a full sentence."""

    code: str
    field: str
    message: str
    event_id: str = ""


def clock_future(event_id: str, occurred_at: datetime, broker_time: datetime) -> Reject:
    """Return the refusal of an event from the broker's future."""
    return Reject(
        "clock_future",
        "occurred_at",
        f"occurred_at {occurred_at.isoformat()} is more than five minutes ahead of the "
        f"broker's clock ({broker_time.isoformat(timespec='seconds')})",
        event_id,
    )
