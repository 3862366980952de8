"""A server that speaks as Asterisk 22.10's AMI does, and misbehaves when told to; and the adapter
connected to it, with short pauses.
"""

import asyncio
import contextlib
from unittest import mock

from ami import manager as manager_module
from ami.manager import Manager
from bellhop.addresses import Address

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


async def ended(running):
    """Cancel what keeps a connection, and wait until it has ended: for ever is too long."""
    running.cancel()
    await asyncio.wait({running}, timeout=5)
    assert running.done(), "cancelled, and goes on"
    with contextlib.suppress(asyncio.CancelledError):
        running.result()


def run(main):
    """Run a story; what takes seconds in a house takes less here."""
    with mock.patch.multiple(
        manager_module, _SHORTEST_PAUSE=0.05, _PING_EVERY=0.2, _PING_PATIENCE=1.0
    ):
        return asyncio.run(main)


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
            await ended(running)
            await server.stop()

    run(main())
