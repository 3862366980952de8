"""Who is registered, asked of an edge that answers, answers nonsense, or does not answer."""

import contextlib
import http.server
import json
import socket
import threading
import time

import pytest

from bellhop.addresses import Address
from bellhop.present import METHOD, MOST, Present
from pager.registrations import Registrations, registered, silent


def dump(*numbers, **expires):
    """An answer to ul.dump: these numbers, whose binding lasts 600 s unless `n<number>` says else."""

    def info(number):
        lasts = expires.get(f"n{number}", 600)
        contact = {"Address": f"sip:{number}@192.0.2.7", "Expires": lasts, "Q": -1}
        contact["User-Agent"] = "n/a" if number == "1" else f"horn/{number}"
        return {"Info": {"AoR": number, "HashID": 1, "Contacts": [{"Contact": contact}]}}

    domain = {"Domain": "location", "Size": 512, "AoRs": [info(n) for n in numbers]}
    return {"Domains": [{"Domain": domain}]}


def answer(result):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


class Edge:
    """An HTTP server that answers every request with `body`."""

    def __init__(self, body, status=200):
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                outer.asked.append((self.path, json.loads(self.rfile.read(length))))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        outer = self
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.address = Address("127.0.0.1", self.server.server_address[1])

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def test_those_that_the_edge_knows_are_there():
    with Edge(answer({"1008": ["horn/1008", False]})) as edge:
        found = Registrations(edge.address, "standby")(["1008", "1009"])
    assert found == {"1008": Present("horn/1008", engaged=False)}  # of an edge of before, too
    asked = {"jsonrpc": "2.0", "id": 1, "method": METHOD, "params": ["standby", "1008", "1009"]}
    assert edge.asked == [("/RPC", asked)]


def test_of_so_many_that_one_question_has_no_room_the_edge_tells_all():
    numbers = [str(1000 + n) for n in range(MOST + 1)]
    with Edge(answer(dump("1008", "2020"))) as edge:
        assert Registrations(edge.address)(numbers) == {"1008": Present("horn/1008")}
    assert edge.asked == [("/RPC", {"jsonrpc": "2.0", "id": 1, "method": "ul.dump"})]


def test_a_binding_that_has_ended_is_none_though_the_table_still_has_it():
    table = dump("1", "2", "3", "4", "5", n2="expired", n3="deleted", n4="permanent", n5=0)
    assert registered(table) == {"1": Present(), "4": Present("horn/4")}


def test_who_registered_from_elsewhere_than_it_says_is_told_so():
    table = dump("1008", "1009")
    one, other = (
        aor["Info"]["Contacts"][0]["Contact"] for aor in table["Domains"][0]["Domain"]["AoRs"]
    )
    one["Received"], other["Received"] = "sip:198.51.100.7:5060", "[not set]"
    found = registered(table)
    assert [found[number].elsewhere for number in ("1008", "1009")] == [True, False]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not from here\n", b"[]", b"null", b"{}", b'{"error": {"code": 500}}',
        b'{"result": []}', b'{"result": {"Domains": 7}}', b'{"result": {"Domains": [7]}}',
        b'{"result": {"Domains": [{"Domain": {"AoRs": [{}]}}]}}', b"\xff\xfe",
        b'{"result": {"1008": ["horn", 1]}}', b'{"result": {"1008": "horn"}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("many", [1, MOST + 1])
def test_an_edge_that_answers_nonsense_has_not_been_asked(body, many):
    with Edge(body, 403 if b"not from here" in body else 200) as edge:
        assert Registrations(edge.address)([str(1008 + n) for n in range(many)]) is None


def test_an_edge_that_refuses_has_not_been_asked():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", free.getsockname()[1])
    assert Registrations(address)(["1008"]) is None


def test_an_edge_that_says_nothing_is_not_waited_for_long():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        assert Registrations(Address("127.0.0.1", mute.getsockname()[1]))(["1008"]) is None
        assert time.monotonic() - began < 5


def test_an_edge_whose_answer_drips_is_not_waited_for_long():
    """Each byte comes in time, and the answer never."""
    over = threading.Event()

    def drip(listening):
        peer, _ = listening.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            with contextlib.suppress(OSError):
                while not over.wait(0.05):
                    peer.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,))
        thread.start()
        began = time.monotonic()
        address = Address("127.0.0.1", listening.getsockname()[1])
        try:
            assert Registrations(address)(["1008"], 0.3) is None
            assert time.monotonic() - began < 5
        finally:
            over.set()
            thread.join()


def test_an_edge_is_not_asked_when_there_is_no_time_left():
    with Edge(answer(dump("1008"))) as edge:
        assert Registrations(edge.address)(["1008"], -0.1) is None
    assert edge.asked == []


def test_nobody_is_registered_where_the_table_is_empty():
    assert registered({"Domains": [{"Domain": {"AoRs": None}}]}) == {}
    assert registered({"Domains": [{"Domain": {}}]}) == {}


def kept(**last):
    """An answer to ul.dump: these numbers (`n<number>`) last answered at these times."""
    found = dump(*(number[1:] for number in last))
    for aor in found["Domains"][0]["Domain"]["AoRs"]:
        for entry in aor["Info"]["Contacts"]:
            entry["Contact"]["Last-Keepalive"] = last[f"n{aor['Info']['AoR']}"]
    return found


def test_who_last_answered_before_a_time_is_silent_since_then():
    assert silent(kept(n1008=100, n1009=200, n1010=199), 200) == {"1008": 100, "1010": 199}


def test_who_is_silent_is_nobodys_to_say_when_the_edge_cannot_be_asked(caplog):
    for body in (
        answer(kept(n1008=100)),
        answer({"Domains": [{"Domain": {}}]}),
        answer(dump("1")),
        b"no",
    ):
        with Edge(body) as edge:
            found = Registrations(edge.address).silent(200)
        assert found == ({"1008": 100} if b"Last-Keepalive" in body else {})
    assert caplog.text.count("silent=unknown") == 2
