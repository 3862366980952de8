"""The AMI adapter against a server that goes, is silent or refuses, and comes back."""

import asyncio

import pytest

from ami.manager import BadSecret, Manager
from bellhop.addresses import Address
from tests.unit.fake_ami import Server, connected, ended, run, until


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

    said = run(main())
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
        await ended(running)
        await server.stop()

    run(main())


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
        await ended(running)
        await server.stop()

    run(main())


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
        await ended(running)
        assert not gone

    run(main())


def test_a_login_that_gets_no_answer_leaves_no_connection_behind(monkeypatch):
    send = Manager.send
    monkeypatch.setattr(Manager, "send", lambda self, a, f, _patience=0: send(self, a, f, 0.05))

    async def main():
        server = await Server(Login=None).start()
        manager = Manager(Address("127.0.0.1", server.port), "bellhop", "secret-word")
        running = asyncio.create_task(manager.run())
        await asyncio.wait_for(until(lambda: server.got.count("Login") >= 4), 5)
        there = sum(not writer.is_closing() for writer in server.writers)
        await ended(running)
        await server.stop()
        return there

    assert run(main()) <= 1


def test_a_shutdown_of_asterisk_ends_the_connection_at_once():
    async def story(server, manager):
        downs = []
        manager.on_down = lambda: downs.append(1)
        server.say("Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\n\r\n")
        await until(lambda: downs)

    connected(story)


@pytest.mark.parametrize("turns", range(6))
def test_who_is_stopped_just_as_the_connection_goes_stops(turns):
    """A pager that is stopped together with Asterisk, so many turns of its loop later."""

    async def main():
        server = await Server().start()
        manager = Manager(Address("127.0.0.1", server.port), "bellhop", "secret-word")
        running = asyncio.create_task(manager.run())
        await asyncio.wait_for(manager.wait_up(), 3)
        await until(lambda: "Ping" in server.got and not manager._unanswered)  # noqa: SLF001
        server.server.close()  # nobody takes another connection
        manager._went_down(None)  # noqa: SLF001
        for _ in range(turns):
            await asyncio.sleep(0)
        await ended(running)
        assert running.cancelled()
        await server.stop()

    run(main())
