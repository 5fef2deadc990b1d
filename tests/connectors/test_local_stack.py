"""The local stack: ports, marks of processes, starting twice, and what a failure says."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.local import account, debian, flow_processes, jars, ports, processes, stack, state
from deploy.local.sentences import teller
from deploy.local.trouble import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.stack import Endpoints

ROOT = Path(__file__).resolve().parents[2]
CONFIG = (str(ROOT / "deploy" / "compose.yaml"), "config", "--quiet")
SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind((ports.HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def quiet(_: str) -> None:
    """Say nothing."""


class TestPorts:
    """Which port a server gets."""

    def test_usual_port_is_taken_by_another_program(self, taken: int) -> None:
        """A port in use is passed over for the next, then for any free one."""
        assert not ports.free(taken)
        assert ports.choose((taken,)) != taken

    def test_ports_of_one_start_differ(self, taken: int) -> None:
        """A port given to one server is not given to the next."""
        first = ports.choose((taken,))
        assert ports.choose((first,), {first}) != first

    def test_each_server_keeps_its_port(self) -> None:
        """A port of last time that is free is used again."""
        free = ports.choose(())
        before = state.State("/nowhere", postgres_port=free)
        assert state.with_ports(before, ["postgres"]).postgres_port == free


class TestProcesses:
    """Processes are known by an argument, not by a number."""

    def test_recycled_number_is_not_ours(self, tmp_path: Path) -> None:
        """A pid file that names another program's process does not stop that program."""
        bystander = subprocess.Popen([sys.executable, "-c", SLEEP])
        try:
            (tmp_path / "run").mkdir()
            (tmp_path / "run" / "stock.pid").write_text(f"{bystander.pid}\n")
            stack.down(tmp_path, quiet)
            assert bystander.poll() is None
            assert not list((tmp_path / "run").iterdir())
        finally:
            bystander.kill()
            bystander.wait()

    def test_own_process_is_stopped(self, tmp_path: Path) -> None:
        """A Waterline process that a pid file names is asked to end, and its file goes."""
        own = subprocess.Popen([sys.executable, "-c", SLEEP, "waterline"])
        file = tmp_path / "run" / "stock.pid"
        file.parent.mkdir()
        file.write_text(f"{own.pid}\n")
        while flow_processes.running(tmp_path) != {"stock": own.pid}:
            assert own.poll() is None
        said: list[str] = []
        stack.down(tmp_path, said.append)
        assert own.wait() == -15
        assert said == ["stopped stock"]
        assert not file.exists()

    def test_program_that_is_not_there(self, tmp_path: Path) -> None:
        """A server that cannot be started is named in one sentence."""
        with pytest.raises(StackError, match=r"cannot start /no/such/server: No such file"):
            processes.start(
                ["/no/such/server"], log=tmp_path / "log", account=None, env={}, cwd=tmp_path
            )

    def test_tail_of_a_log(self, tmp_path: Path) -> None:
        """An error shows the last lines of the log only, and none from before the start."""
        log = tmp_path / "server.log"
        log.write_text("".join(f"line {n}\n" for n in range(100)))
        assert processes.tail(log, lines=2) == "line 98\nline 99"
        assert processes.tail(log, since=len(log.read_text()) - 8) == "line 99"


class TestFolders:
    """Where data and programs go when this process is root."""

    def test_closed_home_is_left_for_the_systems_folder(self, tmp_path: Path) -> None:
        """Below a folder closed to others the servers' account gets a place it can reach."""
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        nobody = account.Account("nobody", 65534, 65534)
        home = closed / "clone" / ".waterline"
        assert account.data_root(home, nobody).is_relative_to(account.SYSTEM_DATA)
        assert account.data_root(home, None) == home


class TestDownloads:
    """What is downloaded, and what a failure says."""

    def test_every_jar_has_a_sum(self) -> None:
        """The list names 46 files, each with a SHA-256, and Kafka's own version."""
        listed = jars.wanted()
        assert len({jar.name for jar in listed}) == len(listed) == 46
        assert {len(jar.sha256) for jar in listed} == {64}
        assert jars.kafka_version().startswith("4.1.")

    def test_jar_with_another_sum_is_refused(self, tmp_path: Path) -> None:
        """A mirror that serves other bytes is told apart, and nothing is left of them."""
        mirror = tmp_path / "mirror"
        for jar in jars.wanted():
            path = mirror / jar.path
            path.parent.mkdir(parents=True)
            path.write_bytes(b"not a jar")
        with pytest.raises(StackError, match=r"its SHA-256 is .* it was thrown away"):
            jars.fetch_kafka(tmp_path / "cache", teller(quiet, "en"), mirror.as_uri())
        assert not list((tmp_path / "cache").glob("*/*"))

    def test_no_network_for_jars(self, tmp_path: Path, taken: int) -> None:
        """A download that fails names the file, the variable for a mirror, and the other ways."""
        closed = f"http://{ports.HOST}:{ports.choose((), {taken})}"
        with pytest.raises(StackError, match=r"failed .*WATERLINE_MAVEN_URL.*compose\.yaml"):
            jars.fetch_kafka(tmp_path / "cache", teller(quiet, "en"), closed)

    def test_machine_without_apt(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there is no apt-get the sentence names the two other ways."""
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(StackError, match=r"no apt-get here.*compose\.yaml.*WATERLINE_DSN"):
            debian.fetch_postgres(tmp_path / "cache", teller(quiet, "en"))


class TestState:
    """What `stack.json` keeps."""

    def test_broken_file(self, tmp_path: Path) -> None:
        """A broken stack.json is named, and what to do; look-ups treat it as no stack."""
        (tmp_path / "stack.json").write_text("{")
        with pytest.raises(StackError, match=r"stack\.json is broken: delete it"):
            stack.status(tmp_path)
        assert stack.endpoints(tmp_path) is None

    def test_never_started(self, tmp_path: Path) -> None:
        """A stack that was never started has no servers, and stopping it does nothing."""
        assert stack.endpoints(tmp_path) is None
        assert stack.status(tmp_path) == []
        stack.down(tmp_path / "missing", pytest.fail)

    def test_purge_forgets_what_was_replayed(self, tmp_path: Path) -> None:
        """Without its topics a history counts as never sent; what is not ours stays."""
        run = tmp_path / "run"
        run.mkdir()
        (tmp_path / "logs").mkdir()
        for name in ("replay.done", "replay.state", "other-replay.done", "notes.txt"):
            (run / name).touch()
        stack.down(tmp_path, quiet)
        assert len(list(run.iterdir())) == 4
        stack.down(tmp_path, quiet, purge=True)
        assert [file.name for file in run.iterdir()] == ["notes.txt"]
        assert not (tmp_path / "logs").exists()

    def test_purge_of_a_broken_file(self, tmp_path: Path) -> None:
        """A purge needs no stack.json that can be read, as the sentence about it says."""
        file = tmp_path / "stack.json"
        file.write_text("{")
        with pytest.raises(StackError, match="broken"):
            stack.down(tmp_path, quiet)
        stack.down(tmp_path, quiet, purge=True)
        assert not file.exists()

    def test_password_is_private(self, tmp_path: Path) -> None:
        """Only the owner may read the file with the password."""
        state.save(tmp_path, state.State(str(tmp_path), postgres_port=1))
        path = state.state_file(tmp_path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text())["dsn"].endswith("@127.0.0.1:1/waterline")

    def test_sentences_in_chinese(self) -> None:
        """Progress is told in Chinese to those who read Chinese."""
        said: list[str] = []
        teller(said.append, "zh-CN")("stop", name="Apache Kafka")
        assert said == ["已停止 Apache Kafka"]


@pytest.mark.stack
def test_starting_twice_is_the_same_as_once(stack: Endpoints) -> None:
    """A second start of a running stack is quick, says nothing and gives the same addresses."""
    from deploy.local.stack import endpoints, up  # noqa: PLC0415 - the fixture has its name

    home = ROOT / ".waterline"
    if endpoints(home) is None:
        pytest.skip(f"the servers are those of the environment ({stack.brokers})")
    said: list[str] = []
    begun = time.monotonic()
    assert up(home, said.append) == endpoints(home)
    assert time.monotonic() - begun < 5
    assert said == []


def test_compose_file_is_valid(tmp_path: Path) -> None:
    """Docker's own client accepts deploy/compose.yaml with the example's values."""
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no docker client with the compose plugin on this machine")
    env = shutil.copy(ROOT / "deploy" / "env.example", tmp_path / "env")
    done = subprocess.run(
        [docker, "compose", "--env-file", env, "--file", *CONFIG],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "level=warning" not in done.stderr
