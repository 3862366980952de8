"""How a page stands while it runs."""

import time

from ami.progress import Progress
from bellhop.pages import Page


def test_a_clock_that_is_set_while_a_page_runs_makes_it_neither_shorter_nor_longer(monkeypatch):
    began = time.time()
    page = Page(id="1-a", zone="8000", leader="1020", started=began, quorum=100, head_start=0)
    for step in (-3_600, 3_600):
        progress = Progress(page)
        monkeypatch.setattr(time, "time", lambda step=step: began + step)
        progress.close(None, "")
        assert 0 <= progress.page.ended - began < 10
