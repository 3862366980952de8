"""Sound files: whatever WAV somebody has becomes what a telephone hears: 8 kHz, mono."""

import io
import itertools
import sys
import wave
from array import array

RATE = 8_000
LONGEST = 600  # seconds
LONGEST_CHIME = 2.5  # seconds: the leader waits for it
_MOST_BYTES = 64_000_000


def converted(data: bytes) -> bytes:
    """Return a WAV file of 16-bit PCM as one of 8 kHz, mono. Raises ValueError for anything else,
    and for one that lasts longer than ten minutes.
    """
    if len(data) > _MOST_BYTES:
        raise ValueError(f"a sound file of {len(data)} bytes is too large")
    try:
        with wave.open(io.BytesIO(data)) as sound:
            channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            if width != 2 or not 1 <= channels <= 2 or not RATE <= rate <= 192_000:
                raise ValueError(
                    "expected a WAV file of 16-bit PCM, mono or stereo, 8 kHz or more, got "
                    f"{width * 8} bits, {channels} channels, {rate} Hz"
                )
            # What there is: a program that writes into a pipe does not know how long it will be,
            # and says 2^32 - 1 bytes, or 2^31.
            frames = sound.readframes(LONGEST * rate + 1)
            if len(frames) > LONGEST * rate * channels * width:
                raise ValueError(f"expected a sound of at most {LONGEST} s")
    except (wave.Error, EOFError, RuntimeError) as error:  # the last for a chunk within no other
        raise ValueError(f"expected a WAV file: {str(error) or 'it ends too early'}") from None
    samples = array("h", frames[: len(frames) // (2 * channels) * 2 * channels])
    if sys.byteorder == "big":
        samples.byteswap()
    if channels == 2:
        samples = array(
            "h", ((a + b) // 2 for a, b in zip(samples[::2], samples[1::2], strict=True))
        )
    samples = _slower(samples, rate)
    if not samples:
        raise ValueError("there is no sound in it")
    if sys.byteorder == "big":
        samples.byteswap()
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return written.getvalue()


def chime(data: bytes) -> bytes:
    """Return a chime as `converted` does. Raises ValueError for one that is too long, too."""
    sound = converted(data)
    if seconds(sound) > LONGEST_CHIME:
        raise ValueError(f"expected a chime of at most {LONGEST_CHIME} s")
    return sound


def seconds(data: bytes) -> float:
    """Return how long a converted sound lasts."""
    with wave.open(io.BytesIO(data)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def _slower(samples: "array[int]", rate: int) -> "array[int]":
    """Return them at 8 kHz: each the mean of those that it stands for, which is filter enough for a
    voice on a horn.
    """
    if rate == RATE:
        return samples
    sums = array("q", [0])
    total = 0
    for sample in samples:
        total += sample
        sums.append(total)
    ends = (n * rate // RATE for n in range(len(samples) * RATE // rate + 1))
    bounds = list(ends)
    return array(
        "h",
        ((sums[b] - sums[a]) // (b - a) for a, b in itertools.pairwise(bounds) if b > a),
    )
