"""What a side's Kamailio has used: the kernel's own accounts of its processes.

CPU is the first number of /proc/PID/schedstat, the nanoseconds that a process has run, user and
system together (utime + stime of /proc/PID/stat are the same account, cut to 10 ms), summed over all
of Kamailio's processes, the ledger's and the timers' too. Memory is VmRSS and Pss.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.chain.harness.stack import docker

_RAN = """
for dir in /proc/[0-9]*; do
  read -r name <"$dir/comm" && [ "$name" = kamailio ] || continue
  read -r ns rest <"$dir/schedstat" && echo "${dir#/proc/} $ns"
done 2>/dev/null
"""
_HELD = """
for dir in /proc/[0-9]*; do
  read -r name <"$dir/comm" && [ "$name" = kamailio ] || continue
  echo "pid ${dir#/proc/}"; grep -E '^(Rss|Pss|Anonymous):' "$dir/smaps_rollup"
done 2>/dev/null
"""
_CTL = "unix:/run/kamailio/kamailio_ctl"


@dataclass(frozen=True, slots=True)
class Memory:
    """A worker's memory in MB: all that it has mapped and touched; its own share of that."""

    rss: float
    pss: float


def cpu(container: str) -> float:
    """Return the seconds that all of its Kamailio's processes have run so far."""
    return sum(processes(docker("exec", container, "sh", "-c", _RAN)).values()) / 1e9


def processes(text: str) -> Mapping[int, int]:
    """Return nanoseconds by process; ValueError when there is none."""
    found = {int(pid): int(ns) for pid, ns in (line.split() for line in text.splitlines())}
    if not found:
        raise ValueError("no process of Kamailio's was found")
    return found


def workers(container: str, door: int) -> list[int]:
    """Return the processes that read the UDP listener with this port."""
    text = docker("exec", container, "kamcmd", "-s", _CTL, "core.psx")
    entries = re.findall(r"PID: (\d+)\s+DSC: ([^\n]*)", text)
    found = [int(pid) for pid, says in entries if "udp receiver" in says and f":{door}" in says]
    if not found:
        raise ValueError(f"{container}: no worker of port {door} in {text!r}")
    return found


def memory(container: str, pids: list[int]) -> Memory:
    """Return the mean of these processes' memory."""
    held = rollups(docker("exec", container, "sh", "-c", _HELD))
    some = [held[pid] for pid in pids]
    return Memory(sum(m.rss for m in some) / len(some), sum(m.pss for m in some) / len(some))


def rollups(text: str) -> Mapping[int, Memory]:
    """Return memory by process, from lines of /proc/PID/smaps_rollup after a `pid N` each."""
    found = {}
    for part in text.split("pid ")[1:]:
        pid = int(part.split(maxsplit=1)[0])
        kilo = {name: int(kb) for name, kb in re.findall(r"(Rss|Pss): +(\d+) kB", part)}
        if kilo:  # nothing can be read of a process that is just ending
            found[pid] = Memory(kilo["Rss"] / 1024, kilo["Pss"] / 1024)
    return found
