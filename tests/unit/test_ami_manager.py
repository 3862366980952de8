"""The AMI adapter against a server that speaks as Asterisk 22.10 does, and one that misbehaves."""

import asyncio
import contextlib
import time

import pytest

from ami import manager as manager_module
from ami.manager import BadSecret, Manager, NotConnected
from bellhop.values import Address

BOOTED = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"


class Server:
    """An AMI server on a loopback port. answers: action -> lines to say after its ActionID line,
    or None for silence.
    """

    def __init__(self, **answers):
        self.answers = {
            "Login": ["Response: Success", "Message: Authentication accepted"],
            "Ping": ["Response: Success", "Ping: Pong"],
            **answers,
        }
        self.got = []
        self.raw = b""
        self.writers = []

    async def start(self, port=0):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def serve(self, reader, writer):
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                self.raw += block
                fields = dict(line.split(": ", 1) for line in block.decode().strip().split("\r\n"))
                self.got.append(fields["Action"])
                answer = self.answers.get(fields["Action"])
                if answer is None:
                    continue
                first, *rest = answer
                lines = [first, f"ActionID: {fields['ActionID']}", *rest, "", ""]
                writer.write("\r\n".join(lines).encode())
                if fields["Action"] == "Login" and "Success" in first:
                    writer.write(BOOTED.encode())
        writer.close()

    def drop(self):
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def say(self, text):
        self.writers[-1].write(text.encode())

    async def stop(self):
        self.server.close()
        self.drop()
        await self.server.wait_closed()


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.002)


def connected(story, **answers):
    """Run a story with a server and a manager that is up; whatever it takes too long for fails."""

    async def main():
        server = await Server(**answers).start()
        manager = Manager(Address("127.0.0.1", server.port), "bellhop", "secret-word")
        running = asyncio.create_task(manager.run())
        try:
            await asyncio.wait_for(manager.wait_up(), 3)
            await asyncio.wait_for(story(server, manager), 8)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await server.stop()

    asyncio.run(main())


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(manager_module, "_SHORTEST_PAUSE", 0.05)
    monkeypatch.setattr(manager_module, "_PING_EVERY", 0.2)
    monkeypatch.setattr(manager_module, "_PING_PATIENCE", 1.0)


HANGUP = {"Channel": "PJSIP/x-1", "Cause": "16"}


def test_an_action_gets_its_answer():
    async def story(_server, manager):
        (answer,) = await manager.send("Hangup", HANGUP)
        assert answer["Response"] == "Success"

    connected(story, Hangup=["Response: Success", "Message: Channel Hungup"])


def test_an_error_is_an_answer():
    async def story(_server, manager):
        (answer,) = await manager.send("Hangup", HANGUP)
        assert answer["Message"] == "No such channel"

    connected(story, Hangup=["Response: Error", "Message: No such channel"])


def test_an_originate_is_answered_when_the_callee_has_been():
    async def story(server, manager):
        sent = asyncio.create_task(
            manager.send("Originate", {"Channel": "PJSIP/1008@bellhop-member", "Async": "true"})
        )
        await until(lambda: "Originate" in server.got)
        await asyncio.sleep(0.05)
        assert not sent.done()
        action_id = server.raw.decode().rpartition("ActionID: ")[2].split("\r\n")[0]
        server.say(
            f"Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: {action_id}\r\n"
            "Response: Failure\r\nReason: 3\r\nUniqueid: page-1-1008\r\n\r\n"
        )
        assert (await sent)[-1]["Reason"] == "3"

    connected(story, Originate=["Response: Success", "Message: Originate successfully queued"])


@pytest.mark.parametrize("bad", ["x\r\nAction: DBPut", "x\ny", "x\ry", "x\0y", "\x1b", "a" * 1000])
@pytest.mark.parametrize("where", ["value", "list"])
def test_what_may_not_stand_in_a_line_is_refused_and_not_sent(bad, where):
    async def story(server, manager):
        before = len(server.got)
        fields = {"Channel": bad} if where == "value" else {"Variable": ["a=b", bad]}
        with pytest.raises(ValueError, match="AMI"):
            await manager.send("Hangup", fields)
        assert b"DBPut" not in server.raw
        assert "Hangup" not in server.got[before:]

    connected(story)


@pytest.mark.parametrize("action", ["Command", "DBPut", "UpdateConfig", "hangup", "Hangup\r\nX: y"])
def test_an_action_that_the_pager_has_no_use_for_is_refused(action):
    async def story(server, manager):
        with pytest.raises(ValueError, match="not one of the pager's actions"):
            await manager.send(action, {})
        assert set(server.got) <= {"Login", "Ping"}

    connected(story)


def test_an_action_without_an_answer_has_a_deadline():
    async def story(_server, manager):
        began = time.monotonic()
        with pytest.raises(NotConnected, match="no answer"):
            await manager.send("Hangup", HANGUP, 0.1)
        assert time.monotonic() - began < 0.5

    connected(story)


def test_what_waits_for_an_answer_fails_when_the_connection_goes():
    async def story(server, manager):
        sent = asyncio.create_task(manager.send("Hangup", HANGUP, 5))
        await until(lambda: "Hangup" in server.got)
        began = time.monotonic()
        server.drop()
        with pytest.raises(NotConnected, match="went down"):
            await sent
        assert time.monotonic() - began < 1

    connected(story)


def test_nothing_is_sent_again_after_a_reconnect():
    async def story(server, manager):
        downs = []
        manager.on_down = lambda: downs.append(time.monotonic())
        sent = asyncio.create_task(manager.send("Hangup", HANGUP, 5))
        await until(lambda: "Hangup" in server.got)
        server.drop()
        with pytest.raises(NotConnected):
            await sent
        await until(lambda: downs)
        await asyncio.wait_for(manager.wait_up(), 3)
        await asyncio.sleep(0.3)
        assert server.got.count("Hangup") == 1
        assert server.got.count("Login") == 2

    connected(story)


def test_what_is_sent_while_it_is_down_fails_at_once_and_for_good():
    async def story(server, manager):
        port = server.port
        await server.stop()
        await until(lambda: not manager.up)  # nobody is there to come back to
        with pytest.raises(NotConnected):
            await manager.send("Hangup", HANGUP)
        await server.start(port)
        await asyncio.wait_for(manager.wait_up(), 5)
        await asyncio.sleep(0.2)
        assert "Hangup" not in server.got

    connected(story)


def test_a_ping_without_a_pong_ends_the_connection():
    async def story(server, manager):
        downs = []

        def down():
            downs.append(len(server.got))
            server.answers["Ping"] = ["Response: Success", "Ping: Pong"]

        manager.on_down = down
        server.answers["Ping"] = None
        await until(lambda: downs)
        await asyncio.wait_for(manager.wait_up(), 3)
        await asyncio.sleep(0.5)  # two pings' time
        assert len(downs) == 1
        assert server.got.count("Login") == 2

    connected(story)


def test_a_wrong_password_is_said_and_final():
    async def main():
        server = await Server(Login=["Response: Error", "Message: Authentication failed"]).start()
        manager = Manager(Address("127.0.0.1", server.port), "bellhop", "secret-word")
        with pytest.raises(BadSecret) as raised:
            await asyncio.wait_for(manager.run(), 3)
        assert server.got == ["Login"]
        await server.stop()
        return str(raised.value)

    said = asyncio.run(main())
    assert "bellhop" in said
    assert "secret-word" not in said


@pytest.mark.parametrize("said", ["Login Already In Use", "Asterisk is shutting down"])
def test_a_login_that_will_be_taken_later_is_no_wrong_password(said):
    """An own session that Asterisk has yet to miss; one that was reached while it goes down."""

    async def main():
        busy = ["Response: Error", f"Message: {said}"]
        server = await Server(Login=busy).start()
        manager = Manager(Address("127.0.0.1", server.port), "bellhop", "secret-word")
        running = asyncio.create_task(manager.run())
        await asyncio.wait_for(until(lambda: server.got.count("Login") >= 2), 5)
        assert not manager.up
        assert not running.done()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await server.stop()

    asyncio.run(main())


def test_a_server_that_is_not_there_is_tried_again():
    async def main():
        server = await Server().start()
        port = server.port
        await server.stop()
        manager = Manager(Address("127.0.0.1", port), "bellhop", "secret-word")
        running = asyncio.create_task(manager.run())
        await asyncio.sleep(0.2)
        assert not manager.up
        await server.start(port)
        await asyncio.wait_for(manager.wait_up(), 5)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await server.stop()

    asyncio.run(main())


def told(server, manager):
    """Return a list that says when it is told that Asterisk is gone."""
    found = []
    manager.on_gone = lambda: found.append(len(server.got))
    return found


def test_an_asterisk_that_closes_and_takes_no_connection_is_gone_and_told_once():
    async def story(server, manager):
        gone = told(server, manager)
        port = server.port
        await server.stop()
        await until(lambda: gone)
        await asyncio.sleep(0.5)  # several attempts' time
        await server.start(port)
        await asyncio.wait_for(manager.wait_up(), 3)
        assert len(gone) == 1

    connected(story)


def test_a_connection_that_is_cut_and_taken_again_is_no_death():
    async def story(server, manager):
        gone = told(server, manager)
        server.drop()
        await until(lambda: server.got.count("Login") == 2)
        await asyncio.wait_for(manager.wait_up(), 3)
        assert not gone

    connected(story)


def test_an_asterisk_that_is_merely_silent_is_not_gone():
    """Its answers may be lost on the way, while its pages go on."""

    async def story(server, manager):
        gone = told(server, manager)
        downs = []
        manager.on_down = lambda: downs.append(1)
        server.answers["Ping"] = None
        server.server.close()  # nobody takes another connection, and this one is not closed
        await until(lambda: downs)
        await asyncio.sleep(0.5)
        assert not gone

    connected(story)


def test_one_that_was_never_there_is_not_gone():
    async def main():
        server = await Server().start()
        await server.stop()
        manager = Manager(Address("127.0.0.1", server.port), "bellhop", "secret-word")
        gone = told(server, manager)
        running = asyncio.create_task(manager.run())
        await asyncio.sleep(0.5)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        assert not gone

    asyncio.run(main())


def test_a_login_that_gets_no_answer_leaves_no_connection_behind(monkeypatch):
    send = Manager.send
    monkeypatch.setattr(Manager, "send", lambda self, a, f, _patience=0: send(self, a, f, 0.05))

    async def main():
        server = await Server(Login=None).start()
        manager = Manager(Address("127.0.0.1", server.port), "bellhop", "secret-word")
        running = asyncio.create_task(manager.run())
        await asyncio.wait_for(until(lambda: server.got.count("Login") >= 4), 5)
        there = sum(not writer.is_closing() for writer in server.writers)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await server.stop()
        return there

    assert asyncio.run(main()) <= 1


def test_events_come_in_order_and_one_that_hurts_does_not_end_the_others(caplog):
    async def story(server, manager):
        seen = []

        def hear(event):
            if event["Event"] == "UserEvent":
                seen.append(event["N"])
                if event["N"] == "3":
                    raise ZeroDivisionError

        manager.on_event = hear
        server.say("".join(f"Event: UserEvent\r\nN: {n}\r\n\r\n" for n in range(50)))
        await until(lambda: len(seen) == 50)
        assert seen == [str(n) for n in range(50)]
        assert manager.up
        assert server.got.count("Login") == 1

    connected(story)
    assert any(r.exc_info for r in caplog.records)


def test_an_event_that_comes_in_pieces_is_whole():
    async def story(server, manager):
        seen = []
        manager.on_event = seen.append
        for byte in "Event: UserEvent\r\nWho: Gürtel: 1\r\nNone: \r\nEnd: x\r\n\r\n".encode():
            server.writers[-1].write(bytes([byte]))
            await server.writers[-1].drain()
            await asyncio.sleep(0.001)
        await until(lambda: seen)
        assert seen == [{"Event": "UserEvent", "Who": "Gürtel: 1", "None": "", "End": "x"}]

    connected(story)


def test_a_shutdown_of_asterisk_ends_the_connection_at_once():
    async def story(server, manager):
        downs = []
        manager.on_down = lambda: downs.append(1)
        server.say("Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\n\r\n")
        await until(lambda: downs)

    connected(story)


def test_the_secret_is_in_no_log(caplog):
    caplog.set_level(0)

    async def story(_server, _manager):
        return

    connected(story)
    ours = [r for r in caplog.records if r.name.startswith("bellhop")]
    assert ours
    assert not any("secret-word" in r.getMessage() for r in ours)
