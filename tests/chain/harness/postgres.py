"""A real PostgreSQL, for what is kept in one."""

import contextlib

from bellhop.databases import Down
from bellhop.postgresql import Postgresql
from tests.chain.harness.stack import Stack, docker, until

PASSWORD = "tests-only"  # noqa: S105 - config/docker/postgres/cluster.sh


class Server:
    """A PostgreSQL in a container of its own, in the stack's inner network."""

    def __init__(self, stack: Stack, host: str) -> None:
        self.name = f"{stack.project}-postgres"
        self.url = f"postgresql://bellhop:{PASSWORD}@{host}/postgres"
        with contextlib.suppress(RuntimeError):  # one that an aborted run left
            docker("rm", "-f", self.name)
        network = f"{stack.project}_inside"
        image = f"{stack.project}-postgres:latest"
        docker("run", "-d", "--name", self.name, "--network", network, "--ip", host, image)
        self.wait()

    def wait(self) -> None:
        def answers() -> bool:
            try:
                Postgresql.connect(self.url).close()
            except Down:
                return False
            return True

        until(f"the PostgreSQL of {self.name} to answer", answers, 30)

    def stop(self) -> None:
        docker("stop", "-t", "5", self.name)

    def start(self) -> None:
        docker("start", self.name)
        self.wait()

    def sql(self, query: str) -> list[tuple[object, ...]]:
        database = Postgresql.connect(self.url)
        try:
            return database.ask(query)
        finally:
            database.close()

    def remove(self) -> None:
        docker("rm", "-f", self.name)
