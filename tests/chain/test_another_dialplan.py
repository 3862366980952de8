"""An Asterisk whose dialplan is another Bellhop's, or of another site.toml, is served, and the pager
says so.
"""

import pytest

from agi.dialplan import DIALPLAN
from bellhop.render_asterisk import digest
from tests.chain.harness.another_edge import logged
from tests.chain.harness.scene import Scene
from tests.chain.harness.stack import Stack, docker, until
from tests.chain.paging import SPEAKERS, answering, outcomes, page, report

pytestmark = [pytest.mark.timeout(120), pytest.mark.control]

VOICE = 0x35
# What Asterisk says for `AGI(agi://PAGER/alive)`, as dialplans asked before they had a number.
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as pager:
    pager.sendall(b"agi_request: agi://pager/alive\\n\\n")
    assert b"BELLHOP_ALIVE" in pager.recv(1000)
"""


def test_it_is_told_of_until_the_dialplan_is_the_pagers_own(scene: Scene, stack: Stack):
    pager, agi = f"{stack.project}-pager-1", scene.site.pager.agi
    site = digest(scene.site)
    asterisk = f"{stack.project}-pbx-1"
    before = len(logged(pager))

    def told() -> str:
        return logged(pager)[before:]

    docker("exec", asterisk, "python3", "-c", ASK, agi.host, str(agi.port))
    until("the pager's word", lambda: f"site=none wanted={site}" in told(), 10)
    assert f"dialplan=1 wanted={DIALPLAN}" in told()
    speakers = answering(scene, *SPEAKERS)
    scene.finish(page(scene, VOICE), *speakers)
    assert outcomes(report(scene)) == dict.fromkeys(SPEAKERS, "played")
    # Which Asterisk itself has said: what stands behind the `?` comes through.
    assert (told().count("dialplan="), told().count("site=")) == (2, 2)
    assert f"dialplan={DIALPLAN} peer=" in told()
    assert f"site={site} peer=" in told()
