"""Sound files: any PCM becomes what a telephone hears, and nothing else is taken for sound."""

import io
import struct
import wave

import pytest

from bellhop import sounds


def wav(samples, rate=8_000, channels=1, width=2):
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(
            struct.pack(f"<{len(samples)}h", *samples) if width == 2 else bytes(samples)
        )
    return written.getvalue()


def samples(data):
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8_000)
        frames = sound.readframes(10**7)
    return struct.unpack(f"<{len(frames) // 2}h", frames)


def resized(data, place, size):
    return data[:place] + struct.pack("<I", size) + data[place + 4 :]


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_a_second_stays_a_second_and_a_level_a_level(rate):
    found = sounds.converted(wav([1000, -3000] * rate, rate, channels=2))
    assert sounds.seconds(found) == pytest.approx(1.0, abs=0.001)
    assert set(samples(found)) == {-1000}


def test_what_is_right_already_is_left_as_it_is():
    assert samples(sounds.converted(wav([1, -2, 32_767, -32_768]))) == (1, -2, 32_767, -32_768)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"RIFF", b"\x7fELF" * 100, wav([]), wav([0] * 80, width=1), wav([1] * 80, rate=4_000),
        wav([1] * 90, channels=3), wav([1] * 80)[:30], resized(wav([1] * 80), 16, 17), b"[general]\nroot:x:0:0\n",
    ],
)  # fmt: skip
def test_what_is_no_sound_is_refused(data):
    with pytest.raises(ValueError, match=r"expected|no sound"):
        sounds.converted(data)


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_FFFF])
def test_what_a_program_wrote_into_a_pipe_is_as_long_as_it_is(size):
    piped = resized(resized(wav([7] * 800), 4, size), 40, size)
    assert samples(sounds.converted(piped)) == (7,) * 800


def test_what_lasts_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(sounds, "LONGEST", 1)
    with pytest.raises(ValueError, match="at most 1 s"):
        sounds.converted(wav([1] * 8_001))
    monkeypatch.setattr(sounds, "_MOST_BYTES", 100)
    with pytest.raises(ValueError, match="too large"):
        sounds.converted(wav([1] * 80))
