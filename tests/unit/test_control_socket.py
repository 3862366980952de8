"""The pager's socket where its folder's disk takes nothing: pages that are dialled need none."""

import asyncio
import os
from errno import EACCES, ENOSPC, EROFS

import pytest

from bellhop.control import NAME, ControlError, ask
from bellhop.pages import Unavailable
from bellhop.settings import SiteError
from pager.control import Control


@pytest.fixture
def control(tmp_path):
    return Control(tmp_path / NAME, *[None] * 2, zones=None, takeouts=None, stop=None)


def fails(errno):
    async def begin(*_, **__):
        raise OSError(errno, os.strerror(errno))

    return begin


@pytest.mark.parametrize("errno", [EROFS, ENOSPC])
def test_a_disk_that_takes_nothing_is_told_and_the_pager_goes_on(
    control, monkeypatch, caplog, tmp_path, errno
):
    async def main():
        await control.open()
        await control.close()

    monkeypatch.setattr("asyncio.start_unix_server", fails(errno))
    asyncio.run(main())
    assert f"control=none why={tmp_path / NAME}: {os.strerror(errno)}" in caplog.text


def test_a_folder_that_is_not_ours_is_a_mistake(control, monkeypatch):
    monkeypatch.setattr("asyncio.start_unix_server", fails(EACCES))
    with pytest.raises(SiteError, match="Permission denied"):
        asyncio.run(control.open())


def test_a_disk_that_has_become_read_only_stops_no_end(control, monkeypatch):
    def unlink(*_, **__):
        raise OSError(EROFS, os.strerror(EROFS))

    async def main():
        await control.open()
        monkeypatch.setattr("pathlib.Path.unlink", unlink)
        await control.close()

    asyncio.run(main())


def test_pages_that_cannot_be_stopped_now_are_no_defect(tmp_path):
    def stop(_zone, _by):
        raise Unavailable("AMI is down")

    async def main():
        control = Control(tmp_path / NAME, *[None] * 2, zones=None, takeouts=None, stop=stop)
        await control.open()
        with pytest.raises(ControlError, match="AMI is down"):
            await asyncio.to_thread(ask, str(tmp_path), {"do": "stop", "zone": "8000"}, 5)
        await control.close()

    asyncio.run(main())
