"""The tones of the chain tests: each is known, alone, and nothing else is taken for one."""

import pytest

from tests.chain.harness.tones import FRAME, TONES, heard, stretches, voice

SILENCE = b"\xff" * FRAME


@pytest.mark.parametrize("name", TONES)
@pytest.mark.parametrize("offset", [0, 1, 77, 159])
def test_each_tone_is_known_wherever_a_frame_begins(name, offset):
    sound = voice(name)
    assert {heard(sound[i : i + FRAME]) for i in range(offset, 4000, FRAME)} == {name}


def test_silence_and_a_constant_are_no_tone():
    assert heard(SILENCE) == ""
    assert heard(b"\x35" * FRAME) in {"", "?"}


def test_two_pages_at_once_are_neither():
    """What a speaker in two rooms would hear."""
    from tests.chain.harness import tones  # noqa: PLC0415

    both = [
        tones._SAMPLES[a] // 2 + tones._SAMPLES[b] // 2  # noqa: SLF001
        for a, b in zip(voice("low"), voice("high"), strict=True)
    ]
    sound = bytes(tones._encoded(sample) for sample in both[: FRAME * 3])  # noqa: SLF001
    assert {heard(sound[i : i + FRAME]) for i in range(0, len(sound), FRAME)} == {"?"}


def test_a_stream_is_told_in_stretches():
    low, high = voice("low")[:FRAME], voice("high")[:FRAME]
    frames = [*[low] * 10, *[SILENCE] * 5, *[high] * 10, *[low] * 2, *[high] * 3, *[low] * 10]
    found = stretches((n * 0.02, frame) for n, frame in enumerate(frames))
    assert [one.tone for one in found] == ["low", "high", "low"]
    assert [one.start for one in found] == pytest.approx([0, 0.3, 0.6])
    assert [one.seconds for one in found] == pytest.approx([0.2, 0.3, 0.2])
