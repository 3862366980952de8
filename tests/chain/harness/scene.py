"""One test's scene: its peers, its capture, the servers' state, and where its artifacts go."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bellhop.settings import Site
from tests.chain.harness.capture import Capture, MessageLogs
from tests.chain.harness.cast import Cast
from tests.chain.harness.edge import Edge
from tests.chain.harness.pbx import Pbx
from tests.chain.harness.peer import PATIENCE, Peer, PeerError, Who, start
from tests.chain.harness.places import Place
from tests.chain.harness.sip import Messages
from tests.chain.harness.stack import NotThereError, Stack

# How long the other peers may go on when one has failed (s).
_GRACE = 2.0
# How long what was left behind may take to end (s).
_AT_LAST = 30.0


@dataclass(slots=True)
class Scene:
    """What a test has in its hands."""

    site: Site
    cast: Cast
    place: Place
    directory: Path
    wire: Capture | MessageLogs
    stack: Stack | None = None
    began: float = field(default_factory=time.time)
    peers: list[Peer] = field(default_factory=list)

    @property
    def edge(self) -> Edge:
        """The edge's state; only where the servers are ours."""
        return Edge(self._ours(), self.site)

    @property
    def pbx(self) -> Pbx:
        """The pbx's state; only where the servers are ours."""
        return Pbx(self._ours())

    def _ours(self) -> Stack:
        if self.stack is None:
            raise NotThereError("with --edge nothing is known of the servers but what they send")
        return self.stack

    def play(self, who: Who, scenario: str, **options: Any) -> Peer:
        """Start a peer in a scenario. Keywords: calls, pause, receive, options (see peer.start);
        every other is a key of the scenario.
        """
        known = {
            k: options.pop(k) for k in ("calls", "pause", "receive", "options") if k in options
        }
        for other in self.peers:
            if other.who.address == who.address and other.process.poll() is None:
                raise PeerError(f"{other.name} is still at {who.socket}: wait for it first")
        serial = len(self.peers) + 1
        peer = start(who, scenario, self.place, self.directory, serial, **known, keys=options)
        self.peers.append(peer)
        return peer

    def register(self, *numbers: str, **keys: str) -> list[Who]:
        """Register devices, and return them. keys: the scenario's."""
        devices = [self.cast.device(number) for number in numbers]
        self.finish(*(self.play(device, "speaker/registers", **keys) for device in devices))
        return devices

    def voice(self, byte: int, seconds: int = 20) -> str:
        """Return a file, by its path where SIPp runs, of so much u-law audio that is this byte and
        nothing else: a stream of it is known by its content.
        """
        path = self.directory / f"voice-{byte:02x}.ulaw"
        path.write_bytes(bytes([byte]) * 8000 * seconds)
        return self.place.there(path)

    def finish(self, *peers: Peer) -> None:
        """Wait for these peers. Where several failed, all are told, the first that ended first;
        when one has failed, the others are given a little time, and then ended.
        """
        waiting, failures = list(peers), []
        end = time.monotonic() + PATIENCE + 5
        while waiting and time.monotonic() < end:
            for peer in tuple(waiting):
                if peer.process.poll() is None:
                    continue
                waiting.remove(peer)
                if peer.process.returncode:
                    failures.append(peer.failure(peer.process.returncode))
                    end = min(end, time.monotonic() + _GRACE)
            # The pace of asking, not a wait for something to be over.
            time.sleep(0.02)
        for peer in waiting:
            peer.end()
            failures.append(f"{peer.name} at {peer.who.socket}: still waited when it was ended")
        if failures:
            raise PeerError("\n".join(failures) + "\n" + self.ladder())

    def messages(self) -> Messages:
        """Return what went over the wire; this ends the capture."""
        return self.wire.messages()

    def ladder(self) -> str:
        """Return the wire's messages for a person, bounded."""
        messages = self.messages().once()
        lines = Messages(m for m in messages if m.answers not in {"OPTIONS", "NOTIFY"}).ladder()
        return "the wire:\n" + "\n".join(lines.splitlines()[:120])

    def end(self) -> None:
        """End what still runs, and put the servers' logs and the ladder away. Raises PeerError when
        that has been done, but for a peer that could not be ended.
        """
        failures = []
        for peer in self.peers:
            try:
                peer.end()
            except Exception as error:  # noqa: BLE001 - whatever it was, the others are ended
                failures.append(f"{peer.name} at {peer.who.socket}: {error}")
                continue
            with contextlib.suppress(FileNotFoundError):
                peer.file("pid").unlink()
        for service in ("edge", "pbx", "pager") if self.stack is not None else ():
            text = self._ours().log(service, self.began)
            (self.directory / f"{service}.log").write_text(text, "utf-8")
        ladder = self.messages().ladder() + "\n"
        (self.directory / "ladder.txt").write_text(ladder, "utf-8", "backslashreplace")
        if failures:
            raise PeerError("\n".join(failures))

    def baseline(self) -> Iterator[str]:
        """Yield what this test left behind in the servers, and end it: a page that goes on would fail
        the next test too, or this one when it is run again.
        """
        if self.stack is None:
            return
        for settled, end in (
            (self.pbx.settled, self.pbx.hang_up),
            (self.edge.settled, lambda: None),  # tm ends its own, by its timers
        ):
            try:
                settled()
            except TimeoutError as error:
                yield str(error)
                end()
                with contextlib.suppress(TimeoutError):
                    settled(_AT_LAST)
