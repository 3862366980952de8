"""The bench of pages, its pure parts: what a capture tells, the figures, the house's site."""

import json

import pytest

from bellhop.settings import load
from tests.bench.paging import seen, site
from tests.bench.paging.figures import Measured, Page, Taken, cost, summary
from tests.bench.paging.priority import came
from tests.bench.paging.seen import Seen, events, stream
from tests.bench.paging.table import report
from tests.bench.wire import Datagram, dropped

PREFIX = "10.0.0"
EDGE, PBX, PAGER = (f"{PREFIX}.{last}" for last in (site.EDGE, site.PBX, site.PAGER))
CALLER, SPEAKERS = f"{PREFIX}.{site.CALLER}", f"{PREFIX}.{site.SPEAKERS}"
VOICE, SILENCE = 0x35, 0xFF


def ami(at, text, sequence):
    return Datagram(at, PBX, PAGER, text.encode(), (5038, 40000), sequence)


def join(channel, timestamp, room="page-1-2"):
    return (
        f"Event: ConfbridgeJoin\r\nTimestamp: {timestamp}\r\nConference: {room}\r\n"
        f"Channel: {channel}\r\n\r\n"
    )


def rtp(at, port, *values, target=SPEAKERS):
    payload = b"\x80" * 12 + b"".join(bytes([value]) * 80 for value in values)
    return Datagram(at, PBX, target, payload, (port, 7000))


def capture():
    first = "er: cut off\r\n\r\n" + join("PJSIP/bellhop-member-1", 100.030)
    second = (
        join("PJSIP/bellhop-member-2", 100.050)
        + join("PJSIP/bellhop-edge-3", 100.300)
        + join("PJSIP/bellhop-member-1", 100.900, room="page-9-9")
    )
    return [
        Datagram(99.9, CALLER, EDGE, b"ACK sip:8002@", (5060, 5070)),
        rtp(99.95, 10000, VOICE, VOICE),  # of an earlier page
        Datagram(100.0, CALLER, EDGE, b"INVITE sip:8002@", (5060, 5070)),
        Datagram(100.5, CALLER, EDGE, b"INVITE sip:8002@", (5060, 5070)),
        Datagram(100.01, PAGER, PBX, b'SET VARIABLE "BELLHOP_RESULT" "room"\n', (4573, 5), 1),
        Datagram(100.02, PAGER, PBX, b"Action: Originate\r\n\r\n", (40000, 5038), 77),
        ami(100.04, first, 1000),
        ami(100.31, second, 1000 + len(first)),
        rtp(100.2, 10002, SILENCE, SILENCE),
        rtp(100.4, 10000, SILENCE, VOICE),
        rtp(100.42, 10000, VOICE, VOICE),
        rtp(100.41, 10002, VOICE, VOICE),
    ]


def test_a_page_is_what_its_capture_tells():
    found = seen.page(capture(), PREFIX, VOICE)
    assert found.dialled == 100.0
    assert found.told == 100.01
    assert found.room == "page-1-2"
    assert found.joined == pytest.approx((30, 50))  # no leader, and no other room
    assert found.heard == pytest.approx({10000: 400, 10002: 410})
    assert found.ami == sum(len(d.payload) for d in capture() if 5038 in d.ports)


def test_a_capture_in_which_nobody_dialled_is_no_page():
    with pytest.raises(ValueError, match="nobody dialled"):
        seen.page(capture()[:2], PREFIX, VOICE)


def test_a_stream_is_in_its_order_and_once():
    parts = [ami(1.0, "abc", 10), ami(1.1, "def", 13), ami(1.2, "cdefg", 12), ami(1.3, "b", 11)]
    assert stream(parts) == b"abcdefg"


def test_a_stream_goes_on_when_its_numbers_begin_anew():
    assert stream([ami(1.0, "abc", 2**32 - 2), ami(1.1, "def", 1)]) == b"abcdef"


def test_a_stream_with_a_gap_is_not_guessed():
    with pytest.raises(ValueError, match="2 bytes of a TCP stream are missing"):
        stream([ami(1.0, "abc", 10), ami(1.1, "def", 15)])


def test_events_are_whole_ones():
    text = join("a", 1) + "Response: Success\r\n\r\nEvent: Hangup\r\nChannel: cut o"
    assert [event["Channel"] for event in events([ami(1.0, text, 1)])] == ["a"]


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        ("Packets received/dropped on interface 'b-out': 120/0 (pcap:0/dumpcap:0)", 0),
        ("Packets received/dropped on interface 'b-out': 120/7 (pcap:7/dumpcap:0)", 7),
        ("", 0),
    ],
)
def test_what_dumpcap_dropped_is_known(line, lost):
    assert dropped(line) == lost


def agi(at, says, *, client=41000, server=False, port=site.AGI_PORT):
    ends = (PAGER, PBX, (port, client)) if server else (PBX, PAGER, (client, port))
    return Datagram(at, *ends[:2], says, ends[2], 1)


def test_a_server_is_timed_from_the_last_of_what_it_was_asked_to_its_first_word():
    segments = [
        agi(1.0, b""),  # the connection
        agi(1.1, b"agi_network: yes\n"),
        agi(1.15, b"agi_request: x\n\n", client=41001),
        agi(1.2, b"agi_request: x\n\n"),
        agi(1.201, b"", server=True),  # an acknowledgement
        agi(1.203, b"EXEC MSet\n", server=True),
        agi(1.204, b"200 result=0\n"),
        agi(1.209, b"EXEC MSet\n", server=True),
        agi(1.3, b"agi_request: x\n\n", client=41002, port=site.FLOOR_PORT),
        agi(1.4, b"EXEC MSet\n", client=41002, port=site.FLOOR_PORT, server=True),
        agi(1.5, b"EXEC MSet\n", client=41003, server=True),  # of which the beginning is missing
        agi(1.157, b"EXEC MSet\n", client=41001, server=True),
    ]
    assert seen.handled(segments, PAGER, site.AGI_PORT) == pytest.approx([3, 7])
    assert seen.handled(segments, PAGER, site.FLOOR_PORT) == pytest.approx([100])


def one(joined, heard, cpu=0.1, pager=0.02):
    found = Seen(100.0, 100.01, tuple(joined), dict(enumerate(heard)), 40_000, "page-1-2")
    return Page(found, {"edge": 0.01, "pbx": cpu, "pager": pager})


def measured():
    return Measured(
        pages={
            ("ours", 2): [one([10, 30], [400, 500]), one([10, 20], [300])],
            ("native", 2): [one([10, 20], [300, 310]), one([9, 10], [300, 310])],
            ("bare", 2): [one([10, 15], [300, 310]), one([9, 10], [300, 310])],
        },
        taken=[Taken(40.0, 30.0, 0), Taken(60.0, 31.0, 1), Taken(41.0, 30.0, 0)],
        yard={1: [one([5], [200], 0.09)], 100: [one([5], [210], 0.12)]},
        agi={
            "daemon": [1.0, 2.0, 3.0],
            "floor": [0.5],
            "edge": [4.0],
            "process": [20.0, 30.0],
        },
        handled={"daemon": [0.7, 1.5], "floor": [0.25], "edge": [2.5]},
        deaf=[0, 2],
    )


def test_the_json_has_six_figures_and_no_more():
    found = summary(measured())
    assert found == {
        "joined_ratio_page": {"2": 1.75},  # of 1.5 and 2.0
        "first_audio_p95_ms": {"2": 500, "multicast": 210},
        "preempt_50_ms": 41.0,
        "agi_p99_ms": 1.5,
        "multicast_cost_ratio": 1.25,
        "lost_members": 1 + 1 + 2,
    }
    assert json.loads(json.dumps(found)) == found


def test_a_member_is_lost_who_did_not_join_or_heard_nothing():
    assert one([1, 2], [3, 4]).lost(2) == 0
    assert one([1, 2], [3]).lost(2) == 1
    assert one([1], [3, 4]).lost(2) == 1


def test_a_page_of_asterisks_own_is_not_charged_with_the_pager():
    assert cost(one([1], [1])) == pytest.approx(0.13)
    assert cost(one([1], [1]), "native") == pytest.approx(0.11)


def test_an_emergency_is_timed_from_dialled_and_from_accepted():
    found = came(seen.page(capture(), PREFIX, VOICE), 3)
    assert (found.from_dialled, found.from_told, found.lost) == pytest.approx((50, 40, 1))


def test_an_emergency_that_took_nobody_is_no_figure():
    with pytest.raises(ValueError, match="took nobody"):
        came(Seen(1.0, None, (), {}, 0, ""), 50)


def test_the_table_has_a_row_for_each_side_and_size():
    text = report(measured(), 12.0)
    for row in (
        "| 2 | Bellhop | 25 (20-30) | 1.00 (1.00-1.00) |",
        "| 2 | Page() | 15 (10-20) | 1.75 (1.50-2.00) |",
        "| 2 | Page(), tells nobody to answer | 12 (10-15) | 2.00 (2.00-2.00) |",
    ):
        assert row in text
    assert "multicast group of 100 horns" in text
    assert "| a request to our AGI server, ms | 2.00 |" in text
    assert "| of that, what our server takes, ms | 0.70 | 1.50 | 1.50 | 1.50 |" in text
    assert "| of that, what that server takes, ms | 0.25 |" in text


def test_the_site_of_the_bench_is_good(tmp_path):
    (tmp_path / "site.toml").write_text(site.site(PREFIX, (10, 500), 50), "utf-8")
    found = load(tmp_path / "site.toml")
    assert len(found.zones[site.OURS.number(500)].members) == 500
    assert set(found.zones[site.EMERGENCY].members) < set(found.zones[site.LOWER].members)


def test_asterisk_can_read_the_line_of_a_page_of_500():
    lines = site.extensions((10, 500)).splitlines()
    assert max(len(line) for line in lines) < 8192
    assert any(line.count("PJSIP/") == 500 for line in lines)
