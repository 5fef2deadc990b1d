"""What a replay leaves behind, so that the live stream can go on in another process.

`<prefix>replay.done` (JSON, for anybody to read) says what was sent; `<prefix>replay.state` holds
the simulator as it stood. A file of another version, or one that cannot be read, is Trouble.
"""

from __future__ import annotations

import pickle
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.trouble import Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.replay.feed import Replay
    from connectors.replay.message import Options

SENDING, DONE, LIVE = "sending", "done", "live"
_LAYOUT = 2
"""Another number for a simulator that has other parts."""
_READ = "the state of the last replay cannot be read ({}): start over with --anew"


@dataclass(frozen=True)
class Done:
    """What the marker says: how far it came, with which options, and how much was sent."""

    state: str
    session: int
    until: str
    options: dict[str, Any]
    sent: dict[str, int]

    def same(self, options: Options) -> bool:
        """Tell whether these options ask for what was already sent."""
        return self.state != SENDING and self.options == _asked(options)


class Shelved:
    """The two files of one installation."""

    def __init__(self, folder: Path, prefix: str) -> None:
        """Name them; nothing is read yet."""
        self.marker = folder / f"{prefix}replay.done"
        self._state = folder / f"{prefix}replay.state"

    def read(self) -> Done | None:
        """Return what the marker says, None when nothing was replayed here."""
        try:
            return msgspec.json.decode(self.marker.read_bytes(), type=Done)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise Trouble(_READ.format(self.marker)) from error

    def mark(self, state: str, options: Options, sent: dict[str, int]) -> None:
        """Say how far it came."""
        until = options.until.isoformat(timespec="seconds")
        done = Done(state, options.session, until, _asked(options), dict(sent))
        self._write(self.marker, msgspec.json.encode(done) + b"\n")

    def keep(self, replay: Replay, state: str, sent: dict[str, int]) -> None:
        """Keep the simulator as it stands."""
        self._write(self._state, pickle.dumps((_LAYOUT, replay), protocol=5))
        self.mark(state, replay.options, sent)

    def load(self) -> Replay:
        """Return the simulator as it stood."""
        try:
            with self._state.open("rb") as file:
                layout, replay = pickle.load(file)  # noqa: S301 - written by us, in our folder
        except Exception as error:
            raise Trouble(_READ.format(self._state)) from error
        if layout != _LAYOUT:
            raise Trouble(_READ.format(self._state))
        found: Replay = replay
        return found

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(path.suffix + ".new")
        fresh.write_bytes(content)
        fresh.replace(path)


def _asked(options: Options) -> dict[str, Any]:
    """Return the options that decide what is sent; `until` is now, and not one of them."""
    asked = asdict(options)
    for name in ("until", "live", "speed", "session"):
        del asked[name]
    asked["offline"] = [list(one) for one in options.offline]
    return asked
