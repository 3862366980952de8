"""A KEMI script that answers how KSR behaves: it evaluates each question and writes the result."""

import builtins
from pathlib import Path

import KSR

HERE = Path(__file__).parent


def answer(question: str, ksr: object) -> str:
    """What the expression gives: its value, or "!! " and the exception."""
    try:
        return ascii(eval(question, {"KSR": ksr, "__builtins__": builtins}))  # noqa: S307 - our own
    except Exception as error:  # noqa: BLE001 - whatever KSR raises is the answer
        return f"!! {type(error).__name__}: {str(error)!a}"


def mod_init() -> "Callbacks":
    """What the server calls once, before it makes its processes."""
    return Callbacks()


class Callbacks:
    """On 5.6 every one of these methods must exist, or the next call of KSR fails."""

    def child_init(self, _rank: int) -> int:
        """One process begins; 0 is good."""
        return 0

    def ksr_request_route(self, _msg: object) -> None:
        """Ask all questions in their order: later ones see what earlier ones did."""
        questions = (HERE / "questions.txt").read_text(encoding="utf-8").splitlines()
        lines = [f"{q}\t{answer(q, KSR)}\n" for q in questions if q and not q.startswith("#")]
        (HERE / "answers.part").write_text("".join(lines), encoding="utf-8")
        (HERE / "answers.part").rename(HERE / "answers")

    def ksr_reply_route(self, _msg: object) -> None:
        """A reply came."""

    def ksr_onsend_route(self, _msg: object) -> None:
        """A message goes out."""
