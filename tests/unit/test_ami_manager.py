"""The AMI adapter against a server that speaks as Asterisk 22.10 does: actions and events."""

import asyncio
import time

import pytest

from ami.manager import NotConnected
from tests.unit.fake_ami import connected, manager_module, until

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
        assert time.monotonic() - began < 3  # not the 5 s that an action has by itself

    connected(story)


def test_what_waits_for_an_answer_fails_when_the_connection_goes():
    async def story(server, manager):
        sent = asyncio.create_task(manager.send("Hangup", HANGUP, 3600))
        await until(lambda: "Hangup" in server.got)
        server.drop()
        with pytest.raises(NotConnected, match="went down"):
            await sent

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
        manager_module._PING_EVERY = 60  # noqa: SLF001 - a pong between the pieces would be one of them
        await until(lambda: "Ping" in server.got)
        for byte in "Event: UserEvent\r\nWho: Gürtel: 1\r\nNone: \r\nEnd: \r\n\r\n".encode():
            server.writers[-1].write(bytes([byte]))
            await server.writers[-1].drain()
            await asyncio.sleep(0.001)
        await until(lambda: seen)
        assert seen == [{"Event": "UserEvent", "Who": "Gürtel: 1", "None": "", "End": ""}]

    connected(story)


def test_the_secret_is_in_no_log(caplog):
    caplog.set_level(0)

    async def story(_server, _manager):
        return

    connected(story)
    ours = [r for r in caplog.records if r.name.startswith("bellhop")]
    assert ours
    assert not any("secret-word" in r.getMessage() for r in ours)


def test_what_a_dialplan_makes_of_a_callers_name_is_no_other_event():
    """UserEvent(Incoming,Name: ${CALLERID(name)}), of one who calls himself "Bob,Event: …"."""
    snapshot = "Event: UserEvent\r\nChannel: PJSIP/bob-1\r\nUniqueid: 1.2\r\nUserEvent: Incoming"
    name = "Name: Bob\r\nEvent: Hangup\r\nChannel: PJSIP/bellhop-edge-1\r\nUniqueid: page-1-2-1008"

    async def story(server, manager):
        seen = []
        manager.on_event = seen.append
        server.say(f"{snapshot}\r\n{name}\r\n\r\n")
        await until(lambda: seen)
        [event] = seen
        assert event == {
            "Event": "UserEvent",
            "Channel": "PJSIP/bob-1",
            "Uniqueid": "1.2",
            "UserEvent": "Incoming",
            "Name": "Bob",
        }

    connected(story)
