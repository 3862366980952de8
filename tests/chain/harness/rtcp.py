"""A speaker's RTCP: SIPp sends none, so this answers Asterisk's sender report in its place."""

import subprocess

from tests.chain.harness.places import Place

# A copy of each datagram that comes to the address, and a receiver report (RFC 3550 §6.4.2) to the
# first sender report among them, 20 ms later: so long the round trip is.
_PROGRAM = """
import socket, struct, sys, time
host, lost, end = sys.argv[1], int(sys.argv[2]), time.monotonic() + float(sys.argv[3])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
raw.bind((host, 0))
print("listens", flush=True)
while time.monotonic() < end:
    raw.settimeout(max(0.01, end - time.monotonic()))
    datagram, (peer, _) = raw.recvfrom(65535)
    udp = datagram[(datagram[0] & 15) * 4:]
    source, target = struct.unpack("!HH", udp[:4])
    rtcp = udp[8:]
    if len(rtcp) < 28 or rtcp[0] >> 6 != 2 or rtcp[1] != 200:
        continue
    time.sleep(0.02)
    report = struct.pack("!BBHI", 0x81, 201, 7, 0x0BE11) + rtcp[4:8]
    report += struct.pack("!IIII", lost, 0, 0, int.from_bytes(rtcp[10:14])) + bytes(4)
    raw.sendto(struct.pack("!HHHH", target, source, 8 + len(report), 0) + report, (peer, 0))
    sys.exit(0)
sys.exit("no sender report came")
"""


def reporting(place: Place, host: str, lost: int, seconds: float = 12.0) -> subprocess.Popen[str]:
    """Have whoever plays at an address report, once, that so many packets were lost; it exits 0
    once it has.
    """
    argv = ["python3", "-c", _PROGRAM, host, str(lost), str(seconds)]
    process = subprocess.Popen(
        place.command(argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    if said.strip() != "listens":
        process.kill()
        raise RuntimeError(said + process.stdout.read())
    return process
