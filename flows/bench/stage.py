"""Where a run takes place: a database and topics of its own, gone afterwards.

Enters: the settings of the servers. Leaves: settings of the stage. Whatever happens inside, the
database is dropped and topics and consumer group are deleted. Fails when a server does not
answer or does not allow it.
"""

from __future__ import annotations

import logging
import signal
import threading
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from psycopg import sql
from psycopg.conninfo import make_conninfo

from connectors.kafka import LOG, Outlet, ensure_topics
from connectors.kafka.client import common
from connectors.migrate import migrate
from connectors.partitions import LogPartitions
from flows.settings import environment_of_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flows.settings import Settings

PATIENCE = 30.0
_LOG = logging.getLogger("waterline.bench")
GROUPS = ("waterline-intake",)
EVERY = 5000
"""Messages between two words about how far producing is."""


@dataclass(frozen=True)
class Stage:
    """A prepared place: `settings` name its database and topics."""

    settings: Settings
    database: str

    @property
    def dsn(self) -> str:
        """The DSN of the stage's database."""
        return self.settings.need_dsn()

    @property
    def brokers(self) -> str:
        """The brokers."""
        return self.settings.need_brokers()

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that works here."""
        ours = {
            "WATERLINE_DSN": self.dsn,
            "WATERLINE_BROKERS": self.brokers,
            "WATERLINE_TOPIC_PREFIX": self.settings.topic_prefix,
        }
        # A secret may be named by value or by file, not by both.
        files = {f"{name}_FILE" for name in ours}
        kept = {name: v for name, v in environment_of_children().items() if name not in files}
        return {**kept, **ours}

    def connect(self) -> psycopg.Connection:
        """Open a connection for looking on."""
        return psycopg.connect(self.dsn, autocommit=True, application_name="waterline bench")

    def produce(
        self,
        topic: str,
        messages: Iterable[tuple[str, bytes]],
        tell: Callable[[int], None],
    ) -> int:
        """Send all messages, acknowledged; on the log, each to its warehouse's partition."""
        out = Outlet(self.brokers, patience=PATIENCE)
        homes = LogPartitions(self.dsn, ensure_topics(self.brokers, self._prefix)[LOG])
        full, sent = self._prefix + topic, 0
        try:
            for key, value in messages:
                partition = homes.of(key) if topic == LOG else None
                out.send(full, key.encode(), value, None, partition)
                sent += 1
                if not sent % EVERY:
                    tell(sent)
            out.flush()
            tell(sent)
        finally:
            out.close(grace=0.0)
            homes.close()
        return sent

    def lay(self, values: Iterable[bytes]) -> int:
        """Put messages on every partition of the log; return how many that are."""
        partitions = ensure_topics(self.brokers, self._prefix)[LOG]
        out, sent = Outlet(self.brokers, patience=PATIENCE), 0
        try:
            for value in values:
                for partition in range(partitions):
                    out.send(self._prefix + LOG, None, value, None, partition)
                    sent += 1
            out.flush()
        finally:
            out.close(grace=0.0)
        return sent

    @property
    def _prefix(self) -> str:
        return self.settings.topic_prefix


@contextmanager
def stage(settings: Settings) -> Iterator[Stage]:
    """Make a migrated database and empty topics; remove both at the end."""
    token = uuid.uuid4().hex[:8]
    name, prefix = f"waterline_bench_{token}", f"{settings.topic_prefix}bench-{token}-"
    dsn, brokers = settings.need_dsn(), settings.need_brokers()
    with ExitStack() as quiet, ExitStack() as closing:
        closing.callback(_drop, dsn, name)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        own = replace(settings, dsn=make_conninfo(dsn, dbname=name), topic_prefix=prefix)
        migrate(own.need_dsn())
        closing.callback(_clear, brokers, prefix)
        ensure_topics(brokers, prefix)
        closing.callback(_undisturbed, quiet)
        yield Stage(own, name)


def _undisturbed(until: ExitStack) -> None:
    """Let a second Ctrl-C wait until the first one's tidying up is over."""
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        until.callback(signal.signal, signal.SIGINT, before)


def _drop(dsn: str, name: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(name)))


def _clear(brokers: str, prefix: str) -> None:
    """Delete what is on the broker; without one, say so and let what went wrong be told."""
    try:
        _delete(brokers, prefix)
    except KafkaException as error:
        reason = error.args[0].str()
        _LOG.warning("topics whose names begin with %s may be left: %s", prefix, reason)


def _delete(brokers: str, prefix: str) -> None:
    admin = AdminClient(common(brokers))
    ours = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
    if ours:
        for done in admin.delete_topics(ours, operation_timeout=10).values():
            done.exception(timeout=15)
    groups = [prefix + name for name in GROUPS]
    for done in admin.delete_consumer_groups(groups, request_timeout=10).values():
        done.exception(timeout=15)  # a group that never was is as good as deleted
