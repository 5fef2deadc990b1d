"""One Apache Kafka broker, its own controller (KRaft), on this machine's loopback address.

Enters: where its jars, data and log are, and the ports. Leaves: a broker that answers a metadata
request. May fail: with the last lines of its log and the log's path.
"""

from __future__ import annotations

import base64
import logging
import signal
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.local import ports, processes
from deploy.local.account import Account, make_private
from deploy.local.trouble import StackError

if TYPE_CHECKING:
    from pathlib import Path

PORT = 9092
CONTROLLER_PORT = 9093
_PATIENCE = 60.0
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port}
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}/log
auto.create.topics.enable=false
# A broken message of 10 MB must be able to arrive: it is a reject, not a producer's error.
message.max.bytes=12582912
replica.fetch.max.bytes=12582912
group.initial.rebalance.delay.ms=0
# After a kill the broker is refused until its last session has run out: by default nine seconds.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
num.network.threads=2
num.io.threads=4
# The default is a quarter of this heap.
log.cleaner.dedupe.buffer.size=16777216
"""
_LOGGING = """\
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1}: %m%n
"""


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker: its programs, data, log, ports, and the account it runs as."""

    java: Path
    jars: Path
    data: Path
    log: Path
    port: int
    controller_port: int
    account: Account | None


def mark(data: Path) -> str:
    """Return the argument by which the broker of `data` is known."""
    return f"-Dwaterline.kafka={data}"


def start(broker: Broker) -> int:
    """Start the broker and wait until it answers; return its process."""
    _prepare(broker)
    since = processes.size(broker.log)
    pid = processes.start(
        [*_java(broker), mark(broker.data), "-Xms256m", "-Xmx512m", "kafka.Kafka", _file(broker)],
        log=broker.log,
        account=broker.account,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        cwd=broker.data,
    )
    deadline = time.monotonic() + _PATIENCE
    while not answers(broker.port):
        if not processes.marked(pid, mark(broker.data)) and not _just_begun(deadline):
            raise StackError(_failure(broker, since, "ended while starting"))
        if time.monotonic() > deadline:
            raise StackError(_failure(broker, since, f"did not answer within {_PATIENCE:.0f} s"))
        time.sleep(0.1)
    return pid


def _just_begun(deadline: float) -> bool:
    # Between fork and exec the process still has our command line.
    return deadline - time.monotonic() > _PATIENCE - 1


def stop(pid: int, data: Path) -> None:
    """Stop the broker cleanly, so that its next start has nothing to recover."""
    processes.stop(pid, mark(data), how=signal.SIGTERM, patience=10)


def answers(port: int) -> bool:
    """Say whether a broker answers a metadata request on `port` of this machine."""
    if not ports.open_to(port):
        return False
    from confluent_kafka import KafkaException  # noqa: PLC0415 - a quarter second to import,
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415 - for starting only

    quiet = logging.getLogger("waterline.stack.kafka")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    client = AdminClient({"bootstrap.servers": f"{ports.HOST}:{port}"}, logger=quiet)
    try:
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def _java(broker: Broker) -> list[str]:
    return [
        str(broker.java),
        "-cp",
        f"{broker.jars}/*",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:+ExitOnOutOfMemoryError",
        "-Xshare:auto",
        "-Djava.awt.headless=true",
        f"-Djava.io.tmpdir={broker.data / 'tmp'}",
        f"-Dlog4j2.configurationFile={broker.data}/log4j2.properties",
    ]


def _file(broker: Broker) -> str:
    return str(broker.data / "server.properties")


def _prepare(broker: Broker) -> None:
    """Write the configuration, which changes with the ports, and format new data once."""
    make_private(broker.data, broker.account)
    make_private(broker.data / "tmp", broker.account)
    settings = _SETTINGS.format(
        host=ports.HOST,
        port=broker.port,
        controller_port=broker.controller_port,
        data=broker.data,
    )
    for name, text in (("server.properties", settings), ("log4j2.properties", _LOGGING)):
        path = broker.data / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    if (broker.data / "log" / "meta.properties").is_file():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    words = ("format", f"--cluster-id={cluster}", "--config", _file(broker))
    processes.run(
        [*_java(broker), "kafka.tools.StorageTool", *words],
        what="preparing Kafka's data",
        account=broker.account,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        cwd=broker.data,
    )


def _failure(broker: Broker, since: int, what: str) -> str:
    return f"Kafka {what}; its log, {broker.log}, ends with:\n{processes.tail(broker.log, since)}"
