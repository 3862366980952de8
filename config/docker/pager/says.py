# ruff: noqa: INP001 - a program of its own, in no package
"""Stands in for a speaking program in the lab: a tenth of a second of one level a character.

Usage: says.py FILE TEXT. 22,050 samples a second, as espeak-ng writes them.
"""

import struct
import sys
import wave

LEVEL = -3260  # u-law 0x35

with wave.open(sys.argv[1], "wb") as sound:
    sound.setnchannels(1)
    sound.setsampwidth(2)
    sound.setframerate(22_050)
    sound.writeframes(struct.pack("<h", LEVEL) * (2_205 * len(sys.argv[2])))
