"""Telling others of a page: a webhook that is a small HTTP server, and AMI's event."""

import asyncio
import contextlib
import hashlib
import hmac
import http.server
import json
import socket
import threading
import time
from pathlib import Path

import pytest

from ami.manager import NotConnected
from bellhop.pages import Member, Page
from bellhop.report import report
from bellhop.settings import SiteError, load
from pager.messenger import SIGNATURE, Messenger, Refused, poster, webhook

SITE = Path(__file__).parents[2] / "config" / "site.toml"


def page(**fields):
    made = Page(
        id="1-a", zone="8000", leader="1020", started=1_795_230_000.5, quorum=100, head_start=3000, **fields
    )  # fmt: skip
    return report(made.with_members(Member(device="1010").failed(19, 480, "no answer")))


OVER = page(ended=1_795_230_009.5)


GARBAGE = 0  # what answers there speaks no HTTP


class Hook(http.server.BaseHTTPRequestHandler):
    codes: list
    got: list
    elsewhere = "/elsewhere"

    def do_POST(self):
        self.got.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        code = self.codes.pop(0) if self.codes else 204
        if code == GARBAGE:
            self.wfile.write(b"+OK who are you?\r\n")
            return
        self.send_response(code)
        if code == 302:
            self.send_header("Location", self.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.got.append("a redirect was followed")

    def log_message(self, *_):
        pass


@pytest.fixture
def hook():
    class Made(Hook):
        codes = []  # noqa: RUF012
        got = []  # noqa: RUF012

    server = http.server.HTTPServer(("127.0.0.1", 0), Made)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Made.url = f"http://127.0.0.1:{server.server_port}/pages"
    yield Made
    server.shutdown()
    thread.join()
    server.server_close()


class Ami:
    def __init__(self, down=False):
        self.sent, self.down = [], down

    async def send(self, action, fields):
        if self.down:
            raise NotConnected("AMI is down")
        self.sent.append((action, fields))


def deliver(*reports, post=None, ami=None, until=lambda: True):
    """Tell of these, and return when `until` holds."""

    async def run():
        messenger = Messenger(ami or Ami(), post, pause=0.01)
        for one in reports:
            messenger.tell(one)
        async with asyncio.timeout(10):
            while not until():  # noqa: ASYNC110 - what is waited for is another thread's
                await asyncio.sleep(0.005)
        await messenger.close()

    asyncio.run(run())


def test_a_page_that_is_over_is_posted_with_its_contract_and_signed(hook):
    deliver(OVER, post=poster(hook.url, b"word"), until=lambda: hook.got)
    [(headers, body)] = hook.got
    assert json.loads(body) == json.loads(json.dumps(OVER.contract()))
    assert headers["Content-Type"] == "application/json"
    assert headers[SIGNATURE] == "sha256=" + hmac.new(b"word", body, hashlib.sha256).hexdigest()


def test_one_that_still_runs_is_told_to_nobody(hook):
    ami = Ami()
    deliver(page(), OVER, post=poster(hook.url, b""), ami=ami, until=lambda: hook.got and ami.sent)
    assert len(hook.got) == 1
    assert SIGNATURE not in hook.got[0][0]
    assert len(ami.sent) == 1


def test_a_webhook_that_fails_is_tried_again_and_then_the_next_page_is_told(hook):
    hook.codes += [503, 500, 429, GARBAGE]
    deliver(OVER, OVER, post=poster(hook.url, b""), until=lambda: len(hook.got) == 6)
    assert len({body for _, body in hook.got}) == 1


@pytest.mark.parametrize("code", [302, 400, 404])
def test_a_webhook_that_refuses_is_not_tried_again_nor_followed(hook, code):
    hook.codes += [code]
    with pytest.raises(Refused, match=str(code)):
        poster(hook.url, b"")(b"{}")
    assert len(hook.got) == 1


@pytest.mark.parametrize("elsewhere", ["http://[", "javascript:x", "//\u00ff:99999/"])
def test_a_webhook_that_leads_nowhere_costs_no_page_after_it(hook, elsewhere, caplog):
    hook.elsewhere = elsewhere
    hook.codes += [302, 204]
    deliver(OVER, OVER, post=poster(hook.url, b""), until=lambda: len(hook.got) == 2)
    assert "webhook=dropped why=it answered 302" in caplog.text


def test_whatever_a_webhook_comes_to_the_next_page_is_told(caplog):
    told = []

    def post(body):
        told.append(body)
        if len(told) == 1:
            raise ArithmeticError("beyond all books")
        return 204

    deliver(OVER, OVER, post=post, until=lambda: len(told) == 2)
    assert "webhook=dropped why=ArithmeticError('beyond all books')" in caplog.text


def test_a_webhook_that_answers_byte_by_byte_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr("pager.messenger._PATIENCE", 0.5)

    def drips(listener):
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            while True:
                peer.sendall(b"H")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = threading.Thread(target=drips, args=(listener,), daemon=True)
        dripping.start()
        began = time.monotonic()
        with pytest.raises(OSError, match="no answer of HTTP"):
            poster(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"")(b"{}")
        assert time.monotonic() - began < 3
        dripping.join(5)


def test_what_is_given_up_is_said_in_the_log(hook, caplog):
    hook.codes += [500] * 8
    deliver(OVER, post=poster(hook.url, b""), until=lambda: "webhook=dropped" in caplog.text)
    assert "page=1-a webhook=dropped why=it answered 500" in caplog.text
    assert len(hook.got) == 8


def test_asterisk_is_told_by_an_event_and_without_it_nothing_fails(caplog):
    ami = Ami()
    deliver(OVER, ami=ami, until=lambda: ami.sent)
    [(action, fields)] = ami.sent
    assert action == "UserEvent"
    assert fields == {
        "UserEvent": "BellhopPage", "Page": "1-a", "Zone": "8000", "Leader": "1020", "Members": "1",
        "Played": "0", "Incomplete": "yes", "Report": "0 of 1 played; 1010 did not: no answer",
    }  # fmt: skip
    deliver(OVER, ami=Ami(down=True), until=lambda: "event=not-sent" in caplog.text)


def test_a_sites_webhook_has_its_secret_in_a_file(tmp_path):
    text = SITE.read_text("utf-8")
    lines = 'webhook = "https://site.example/pages"\nwebhook_secret_file = "hook"\n'
    (tmp_path / "site.toml").write_text(
        text.replace("[pager]                                   # our daemon", f"[pager]\n{lines}")
    )
    site = load(tmp_path / "site.toml")
    with pytest.raises(SiteError, match=r"webhook_secret_file: .*hook: No such file"):
        webhook(site)
    (tmp_path / "hook").write_text("\n")
    with pytest.raises(SiteError, match="it is empty"):
        webhook(site)
    (tmp_path / "hook").write_text("word\n")
    assert webhook(site) is not None
    assert webhook(load(SITE)) is None
