"""The bench's pure parts: statistics, the capture, the kernel's accounts, the result's form."""

import json
import struct

import pytest

from bellhop.settings import load
from tests.bench import figures, meter, wire
from tests.bench.figures import Measured
from tests.bench.load import loaded, messages
from tests.bench.recursion import Size
from tests.bench.sides import SIDES, here, site
from tests.bench.table import report

FAILS, ANSWERS, EDGE = "10.0.0.31", "10.0.0.32", "10.0.0.101"


def test_a_spread_is_the_median_between_the_least_and_the_greatest():
    assert figures.spread([3.0, 1.0, 2.0, 9.0]) == figures.Spread(2.5, 1.0, 9.0)


def test_nothing_measured_is_no_figure():
    for ask in (figures.spread, lambda values: figures.quantile(values, 0.5)):
        with pytest.raises(ValueError, match="nothing was measured"):
            ask([])


def test_ratios_are_taken_round_by_round():
    # A round in which the machine was twice as slow for both changes no ratio.
    assert figures.ratios([100.0, 200.0], [50.0, 100.0]) == [2.0, 2.0]


def test_rounds_that_are_missing_are_not_made_up():
    with pytest.raises(ValueError, match="zip"):
        figures.ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (0.95, 95), (1.0, 100), (0.001, 1)]
)
def test_a_quantile_is_one_of_the_values(share, value):
    assert figures.quantile(list(range(100, 0, -1)), share) == value


def test_growth_leaves_the_first_fifth_out():
    samples = [(0, 10.0), (100, 15.0), (200, 20.0), (600, 20.5), (1000, 21.0)]
    assert figures.growth(samples) == pytest.approx(5.0)


def test_memory_that_shrinks_grows_by_less_than_nothing():
    assert figures.growth([(0, 10.0), (500, 20.0), (1000, 19.0)]) == pytest.approx(-5.0)


def measured() -> Measured:
    cpu = {side.name: [100.0, 110.0] for side in SIDES}
    cpu |= {"ours": [90.0, 121.0], "ours-10000": [99.0, 121.0], "native-blind": [45.0, 121.0]}
    return Measured(
        cpu=cpu,
        advance={side.name: [0.1, 0.2, 0.4] for side in SIDES},
        saturation={"ours": 1200.0, "native": 900.4},
        memory=[(0, 30.0, 5.0), (100, 40.0, 6.0), (200, 41.0, 6.0)],
    )


def test_the_json_has_six_figures_and_no_more():
    found = figures.summary(measured())
    assert found == {
        "cpu_ratio_native": 1.0,
        "cpu_ratio_native_blind": 1.5,
        "advance_p99_ms": 0.4,
        "rss_mb_per_worker": 41.0,
        "rss_growth_percent": 2.5,
        "cost_ratio_10000_routes": 1.05,
    }
    assert json.loads(json.dumps(found)) == found


def test_the_table_has_a_row_for_every_side():
    text = report(measured(), Size(), 12.0)
    for side in SIDES:
        assert f"| {side.what} |" in text
    assert "| 1200 |" in text
    assert "| 900 |" in text


def message(start: bytes, call: bytes) -> bytes:
    return start + b"\r\nVia: SIP/2.0/UDP x\r\nCall-ID: " + call + b"\r\n\r\n"


def test_a_delay_is_from_the_failure_to_the_next_invite_of_the_same_call():
    def went(at, source, target, start, call):
        return wire.Datagram(at, source, target, message(start, call))

    failure, invite = b"SIP/2.0 503 Service Unavailable", b"INVITE sip:1@x SIP/2.0"
    found = wire.advances(
        [
            went(1.0, FAILS, EDGE, failure, b"a"),
            went(1.001, FAILS, EDGE, failure, b"b"),
            went(1.002, FAILS, EDGE, b"SIP/2.0 100 Trying", b"c"),
            went(1.003, EDGE, ANSWERS, invite, b"b"),
            went(1.004, EDGE, ANSWERS, invite, b"a"),
            went(1.5, EDGE, ANSWERS, invite, b"a"),  # a retransmission
            went(1.6, EDGE, ANSWERS, invite, b"c"),  # nothing had failed
            went(1.7, EDGE, ANSWERS, b"ACK sip:1@x SIP/2.0", b"a"),
        ],
        FAILS,
        ANSWERS,
    )
    assert found == {EDGE: [pytest.approx(2.0), pytest.approx(4.0)]}


def ip(protocol: int, addresses: bytes, inner: bytes, length: int) -> bytes:
    head = bytes([0x45, 0]) + length.to_bytes(2, "big") + bytes(5) + bytes([protocol]) + bytes(2)
    return head + addresses + inner


@pytest.mark.parametrize(("magic", "ticks"), [(0xA1B2C3D4, 10**6), (0xA1B23C4D, 10**9)])
def test_a_capture_is_read_in_micro_and_in_nanoseconds(magic, ticks):
    payload = message(b"INVITE sip:1@x SIP/2.0", b"a")
    udp = struct.pack(">HHHH", 5060, 5070, 8 + len(payload), 0) + payload
    addresses = bytes([10, 0, 0, 101, 10, 0, 0, 32])
    tcp = struct.pack(">HHIIBBHHH", 5038, 40000, 77, 0, 5 << 4, 0, 0, 0, 0)
    tcp = tcp[:12] + bytes([8 << 4]) + tcp[13:] + bytes(12) + b"Event: x"
    padding = bytes(6)  # an Ethernet frame has at least 60 bytes
    frames = [
        bytes(12) + b"\x08\x00" + ip(17, addresses, udp, 0),
        bytes(12) + b"\x08\x06" + bytes(60),
        bytes(12) + b"\x08\x00" + ip(6, addresses, tcp, 20 + len(tcp)) + padding,
    ]
    data = struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 700, 1)
    for frame in frames:
        data += struct.pack("<IIII", 7, ticks // 2, len(frame), len(frame)) + frame
    half = struct.pack("<IIII", 8, 0, 900, 900) + b"cut off"
    assert list(wire.datagrams(data + half)) == [
        wire.Datagram(7.5, EDGE, ANSWERS, payload, (5060, 5070)),
        wire.Datagram(7.5, EDGE, ANSWERS, b"Event: x", (5038, 40000), 77),
    ]


def test_another_kind_of_capture_is_refused():
    with pytest.raises(ValueError, match="not a pcap file"):
        list(wire.datagrams(b"\x0a\x0d\x0d\x0a" + bytes(40)))


def test_cpu_is_the_sum_over_the_processes():
    assert meter.processes("12 1500\n13 2500\n") == {12: 1500, 13: 2500}
    with pytest.raises(ValueError, match="no process"):
        meter.processes("")


def test_memory_is_read_by_process_and_one_that_ends_is_left_out():
    text = "pid 12\nRss:    2048 kB\nPss:    1024 kB\nAnonymous: 5 kB\npid 13\npid 14\nRss: 1024 kB\nPss: 512 kB\n"
    assert meter.rollups(text) == {12: meter.Memory(2.0, 1.0), 14: meter.Memory(1.0, 0.5)}


def test_the_last_line_of_sipps_statistics_counts():
    stats = (
        "StartTime;CurrentTime;SuccessfulCall(C);FailedCall(C);Retransmissions(C);\n"
        "2026-11-21\t06:34:56.0\t100.25;2026-11-21\t06:34:56.5\t100.5;1;0;0;\n"
        "2026-11-21\t06:34:56.0\t100.25;2026-11-21\t06:34:58.0\t102.0;40;1;2;\n"
    )
    came = loaded(stats)
    assert (came.calls, came.failed, came.retransmissions, came.seconds) == (40, 1, 2, 1.75)


def test_messages_are_counted_as_they_pass_the_edge():
    # 9 of 10 calls go on (16 messages), one stops at the first carrier (7).
    assert messages(10) == 9 * 16 + 7


@pytest.mark.parametrize("routes", [10, 10_000])
def test_the_benchs_site_is_one(tmp_path, routes):
    path = tmp_path / "site.toml"
    path.write_text(site("10.0.0.101", "10.0.0", routes), "utf-8")
    found = load(path)
    assert len(found.routes) == routes
    assert found.routes[-1].carriers == ("fails", "answers")


def test_the_native_peers_are_told_where_everybody_is():
    text = here("10.0.0.104", "10.0.0")
    assert "listen=udp:10.0.0.104:5070" in text
    assert '#!define FAILS "10.0.0.31:5060"' in text
