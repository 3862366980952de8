"""The daemon as a program: what it says when it cannot run, and that it ends when told."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bellhop.control import ask
from bellhop.members import Member
from bellhop.pages import Page
from bellhop.report import report
from bellhop.reports import Reports

SITE = (Path(__file__).parents[2] / "config" / "site.toml").read_text()
PROGRAM = [sys.executable, "-m", "pager"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def site(tmp_path):
    """A site whose daemon is on this machine; no Asterisk answers it."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ami").write_text("secret-word\n")
    text = SITE.replace("172.29.61.30:4573", f"127.0.0.1:{free_port()}")
    text = text.replace("172.29.61.20:5038", f"127.0.0.1:{free_port()}")
    text = text.replace("/var/lib/bellhop", str(tmp_path))
    path = tmp_path / "site.toml"
    path.write_text(text)
    return path


def run(*arguments, **environment):
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True, text=True, timeout=20, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture
def start():
    begun = []

    def start(site, **environment):
        process = subprocess.Popen(
            [*PROGRAM, str(site)],
            stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
        )  # fmt: skip
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


def said_until(process, words):
    """Read what the daemon says up to a line with these words."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"it ended and said {''.join(lines)}")


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--nothing"]])
def test_a_wrong_command_line_is_told(arguments):
    ended = run(*arguments)
    assert ended.returncode == 2
    assert "usage" in ended.stderr


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda site: site.unlink(), "No such file"),
        (lambda site: site.write_text("x = "), "not TOML"),
        (lambda site: (site.parent / "secrets" / "ami").unlink(), "pager.ami_secret_file"),
        (lambda site: (site.parent / "secrets" / "ami").write_text("a\nb\n"), "one line"),
        (lambda site: (site.parent / "secrets" / "ami").write_text("\n"), "one line"),
        (lambda site: (site.parent / "pager.sock").mkdir(), "pager.sock: Is a directory"),
    ],
)
def test_what_is_wrong_with_its_settings_is_one_line(site, break_it, said):
    break_it(site)
    ended = run(site)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_pager_on_its_state_folder_is_told_and_leaves_the_first_alone(site, start):
    first = start(site)
    said_until(first, "ami=down")
    port = site.read_text().partition('agi = "127.0.0.1:')[2].partition('"')[0]
    second = site.with_name("second.toml")
    second.write_text(site.read_text().replace(port, str(free_port())))
    ended = run(second)
    assert ended.returncode == 1
    said = f"{site.parent}: another pager has this folder (process {first.pid})"
    assert ended.stderr == f"bellhop-pager: {said}\n"
    assert [zone["zone"] for zone in ask(str(site.parent), {"do": "zones"})]


def test_a_port_in_use_is_told(site):
    port = int(site.read_text().partition('agi = "127.0.0.1:')[2].partition('"')[0])
    with socket.create_server(("127.0.0.1", port)):
        ended = run(site)
    assert ended.returncode == 1
    assert f"127.0.0.1:{port}: Address already in use" in ended.stderr


def test_it_listens_without_asterisk_and_ends_on_sigterm(site, start):
    process = start(site)
    said_until(process, "ami=down")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=10)
    assert process.returncode == 0
    assert time.monotonic() - began < 6
    assert "Traceback" not in rest


def test_without_ami_it_does_not_say_to_a_leader_who_waits_that_it_will_let_him_in(site, start):
    said_until(start(site), "ami=down")
    port = int(site.read_text().partition('agi = "127.0.0.1:')[2].partition('"')[0])
    with socket.create_connection(("127.0.0.1", port), 5) as asterisk, asterisk.makefile() as said:
        asterisk.sendall(b"agi_request: agi://pager/alive\n\n")
        asked = []
        for line in said:
            asked.append(line)
            asterisk.sendall(b"200 result=0\n")
    assert not [line for line in asked if "BELLHOP_ALIVE" in line]


def test_a_page_that_a_crash_cut_off_is_closed_at_the_start(site, start):
    path = site.parent / "pages.db"
    reports = Reports.writing(path)
    page = Page(id="1-a", zone="8000", leader="1020", started=0, quorum=100, head_start=0)
    reports.store(report(page.with_members(Member(device="1008"))))
    reports.close()
    process = start(site)
    said_until(process, "pages=1 ended=while-the-pager-was-down")
    with sqlite3.connect(path) as db:
        (ended,) = db.execute("SELECT ended FROM pages").fetchone()
    db.close()
    assert ended


def test_systemd_is_told_that_it_is_ready(site, start, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        process = start(site, NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert systemd.recv(100) == b"READY=1"
        process.send_signal(signal.SIGTERM)
        assert systemd.recv(100) == b"STOPPING=1"


def zones_of(site):
    """The zones' names, as the daemon that runs tells."""
    return {one["zone"]: one["name"] for one in ask(str(site.parent), {"do": "zones"})}


def test_a_changed_site_is_taken_while_it_runs(site, start):
    process = start(site)
    said_until(process, "ami=down")
    site.write_text(site.read_text().replace('name = "Warehouse"', 'name = "Depot"'))
    assert zones_of(site)["8000"] == "Warehouse"
    process.send_signal(signal.SIGHUP)
    assert said_until(process, "reload=")[-1].endswith("reload=taken changed=zones\n")
    assert zones_of(site)["8000"] == "Depot"
    process.send_signal(signal.SIGHUP)
    assert said_until(process, "reload=")[-1].endswith("reload=taken changed=nothing\n")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("[zones.8000]", "[zones.8000]\nchimes = 1"), "chimes"),
        (('ami_user = "bellhop"', 'ami_user = "other"'), "pager: only a restart of the pager"),
    ],
)
def test_a_site_that_cannot_be_taken_changes_nothing(site, start, wrong, said):
    process = start(site)
    said_until(process, "ami=down")
    good = site.read_text()
    bad = good.replace('name = "Warehouse"', 'name = "Depot"').replace(*wrong)
    assert bad.count("Depot") == 1
    site.write_text(bad)
    process.send_signal(signal.SIGHUP)
    line = said_until(process, "reload=")[-1]
    assert "reload=refused" in line
    assert said in line
    assert zones_of(site)["8000"] == "Warehouse"
    site.write_text(good)
    process.send_signal(signal.SIGHUP)
    assert "reload=taken" in said_until(process, "reload=")[-1]
