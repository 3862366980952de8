"""Tones that tell pages apart: each page speaks a pair of frequencies, and what a speaker received
is decoded (G.711 u-law) and measured frame by frame (Goertzel), so that a test knows which page was
heard, when, and that nothing else was.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

RATE = 8000
FRAME = 160  # samples: 20 ms
# Pairs of multiples of RATE/FRAME: within a frame each is blind to the others.
TONES = {"low": (500, 750), "middle": (900, 1350), "high": (1600, 2150), "top": (1850, 2600)}
_AMPLITUDE = 6000
_LOUD = 0.05  # of what a tone of ours has: less is silence, or a far end's noise
_SHARE = 0.6  # of a frame's power that a pair must have for the frame to be its


def _decoded(code: int) -> int:
    """Return the sample of a u-law code (G.711)."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -magnitude if code & 0x80 else magnitude


_SAMPLES = tuple(_decoded(code) for code in range(256))
_CODES = {
    sign: sorted((_SAMPLES[c], c) for c in range(256) if (_SAMPLES[c] >= 0) is sign)
    for sign in (True, False)
}


def _encoded(sample: int) -> int:
    return min(_CODES[sample >= 0], key=lambda one: abs(one[0] - sample))[1]


def voice(name: str, seconds: int = 1) -> bytes:
    """Return so much u-law audio of a tone; it may be repeated without a seam."""
    return pair(*TONES[name], RATE) * seconds


def pair(first: int, second: int, samples: int) -> bytes:
    """Return u-law audio of two frequencies."""
    return bytes(
        _encoded(
            round(_AMPLITUDE * sum(math.sin(2 * math.pi * f * n / RATE) for f in (first, second)))
        )
        for n in range(samples)
    )


def _power(samples: list[int], frequency: int) -> float:
    """Return the power of one frequency in a frame (Goertzel), as a share of its samples' squares."""
    turn = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = now = 0.0
    for sample in samples:
        before, now = now, sample + turn * now - before
    return (now * now + before * before - turn * now * before) * 2 / len(samples)


def heard(payload: bytes) -> str:
    """Return the tone that a frame is of; "" for silence, "?" for anything else."""
    samples = [_SAMPLES[code] for code in payload]
    whole = float(sum(sample * sample for sample in samples))
    if whole < _LOUD * len(samples) * _AMPLITUDE**2:
        return ""
    shares = {
        name: sum(_power(samples, frequency) for frequency in pair) / whole
        for name, pair in TONES.items()
    }
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= _SHARE else "?"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames of one tone, one after the other: from when to when (Unix time)."""

    tone: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return self.end - self.start


def stretches(frames: Iterable[tuple[float, bytes]], least: int = 3) -> list[Stretch]:
    """Return the tones of a stream of (time, payload), silence and what is no tone of ours left
    out; fewer than `least` frames of a tone are an edge between two, or a beep's.
    """
    told = [(heard(payload), at) for at, payload in frames]
    found: list[Stretch] = []
    for tone, group in groupby((one for one in told if one[0] in TONES), key=lambda one: one[0]):
        times = [at for _, at in group]
        if len(times) < least:
            continue
        if found and found[-1].tone == tone:  # what lay between them was dropped
            found[-1] = Stretch(tone, found[-1].start, times[-1] + FRAME / RATE)
        else:
            found.append(Stretch(tone, times[0], times[-1] + FRAME / RATE))
    return found
