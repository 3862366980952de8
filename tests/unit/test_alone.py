"""One pager for a state folder."""

import fcntl
import os
import signal
import subprocess
import sys
from errno import EACCES, ENOLCK, ENOSPC, EROFS

import pytest

from bellhop.settings import SiteError
from pager.alone import NAME, alone

HOLDS = """
import pathlib, sys, time
from pager.alone import alone

alone(pathlib.Path(sys.argv[1]))
print("it is held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def opened():
    files = []
    yield files
    for file in files:
        os.close(file)


def test_a_second_pager_is_told_the_folder_and_who_has_it(tmp_path, opened):
    opened.append(alone(tmp_path))
    with pytest.raises(SiteError) as error:
        alone(tmp_path)
    assert error.value.lines == (
        f"{tmp_path}: another pager has this folder (process {os.getpid()})",
    )


def test_who_has_it_is_not_made_up(tmp_path, opened):
    opened.append(alone(tmp_path))
    (tmp_path / NAME).write_bytes(b"\xff")
    with pytest.raises(SiteError) as error:
        alone(tmp_path)
    assert error.value.lines == (f"{tmp_path}: another pager has this folder",)


def test_a_pager_that_is_killed_leaves_its_folder_to_the_next(tmp_path, opened):
    (tmp_path / NAME).write_text("123456789012\n")
    with subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path], stdout=subprocess.PIPE) as first:
        first.stdout.readline()
        with pytest.raises(SiteError, match=f"process {first.pid}"):
            alone(tmp_path)
        first.send_signal(signal.SIGKILL)
        first.wait()
    opened.append(alone(tmp_path))
    assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"


def failing(monkeypatch, errno, *, there):
    """Opening the file to write fails; there: it is there to be read."""
    real = os.open

    def fails(path, flags, *mode):
        if flags & os.O_RDWR or not there:
            raise OSError(errno if flags & os.O_RDWR else 2, os.strerror(errno))
        return real(path, flags, *mode)

    monkeypatch.setattr("pager.alone.os.open", fails)


@pytest.mark.parametrize("errno", [EROFS, ENOSPC])
def test_a_disk_that_takes_nothing_is_told_and_stops_no_start(tmp_path, monkeypatch, caplog, errno):
    failing(monkeypatch, errno, there=False)
    assert alone(tmp_path) is None
    assert f"alone=not-known why={tmp_path / NAME}: {os.strerror(errno)}" in caplog.text


def test_a_file_that_is_there_is_locked_though_it_cannot_be_written(tmp_path, monkeypatch, opened):
    (tmp_path / NAME).write_text("")
    failing(monkeypatch, EROFS, there=True)
    opened.append(alone(tmp_path))
    with pytest.raises(SiteError, match="another pager"):
        alone(tmp_path)


def test_a_folder_that_is_not_ours_is_a_mistake(tmp_path, monkeypatch):
    failing(monkeypatch, EACCES, there=True)
    with pytest.raises(SiteError, match=f"{NAME}: Permission denied"):
        alone(tmp_path)


def test_a_file_system_without_locks_stops_no_start(tmp_path, monkeypatch, caplog, opened):
    def flock(*_):
        raise OSError(ENOLCK, os.strerror(ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    opened.append(alone(tmp_path))
    assert "alone=not-known" in caplog.text
