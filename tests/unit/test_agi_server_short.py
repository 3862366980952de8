"""The AGI server while its machine is short of something: it takes who comes as soon as it can."""

import errno
import threading

import pytest

from agi.server import Server
from bellhop.addresses import Address
from tests.unit.test_agi_server import connect, served


class Short:
    """A listening socket on a machine that has no descriptor left for the first few who come."""

    def __init__(self, real, fails):
        self._real, self._fails = real, fails

    def accept(self):
        if self._fails:
            raise self._fails.pop()
        return self._real.accept()

    def __getattr__(self, name):
        return getattr(self._real, name)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("agi.server._PAUSE", 0.01)
    made = Server(
        Address("127.0.0.1", 0), {"page": lambda channel: channel.put("BELLHOP_RESULT", "room")}
    )
    yield made
    made.shutdown()
    made.server_close()


def test_without_a_descriptor_it_tries_again(server, caplog):
    fails = [OSError(errno.EMFILE, "Too many open files") for _ in range(7)]
    server._socket = Short(server._socket, fails)  # noqa: SLF001 - it makes its own
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    served(server)
    assert fails == []
    assert "agi=not-taken" in caplog.text


def test_without_threads_those_that_there_are_take_who_comes(server, monkeypatch, caplog):
    real, refused = threading.Thread.start, []

    def start(thread):
        if thread.name.startswith("agi-") and len(refused) < 3:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with connect(server):  # those that were refused do not count: another is begun for the next
        served(server)
    assert len(refused) == 3
    assert caplog.text.count("agi=no-thread") == 3
