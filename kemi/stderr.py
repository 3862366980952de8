"""Log lines that are whole. The C library writes an unbuffered stderr in pieces of 128 bytes, so
that lines of two processes end up in each other (measured, Debian forky); and Python makes it
unbuffered when it starts. A line at once is one write, which a pipe takes whole, up to 4096 bytes.
"""

import ctypes

_BUFFER = ctypes.create_string_buffer(4096)  # the C library's from now on
_LINE_BUFFERED = 1  # _IOLBF, in glibc and musl


def whole_lines() -> None:
    """Have what this process, and those that it forks, write to stderr go out line by line."""
    library = ctypes.CDLL(None)
    stderr = ctypes.c_void_p.in_dll(library, "stderr")
    library.setvbuf(stderr, _BUFFER, _LINE_BUFFERED, ctypes.c_size_t(len(_BUFFER)))
