"""PINs: hashes that only `bellhop pin` makes, whole comparisons, and an end to guessing."""

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from agi.gate import Gate
from bellhop import pins
from bellhop.callers import Caller, Kind
from bellhop.cli import run
from bellhop.commands.pin import command
from bellhop.pages import Refusal
from bellhop.settings import load
from pager.reload import read_pins

SITE = load(Path(__file__).parents[2] / "config" / "site.toml")
ZONE = replace(SITE.zones["8104"], pin_tries=3, pin_lockout=60_000)
PHONE = Caller(Kind.DEVICE, "1020", "1020", ("zones",))
LINE = pins.hashed("2718", bytes(range(16)))


def behind(number):
    return Caller(Kind.TRUNK, "reception", number, ("zones",))


def gate():
    return Gate({"8104": (LINE, pins.hashed("314159", bytes(16)))})


def test_a_pin_is_known_by_its_hash_alone():
    assert "2718" not in LINE
    lines = pins.read(f"# the desk's\n{LINE}  # Ann\n\n")
    assert lines == (LINE,)
    assert pins.matches("2718", lines)
    for other in (
        "2719",
        "27180",
        "271",
        "",
        "2718 ",
        "2718#",
        "\u0662\u0667\u0661\u0668",
        "2718\n",
    ):
        assert not pins.matches(other, lines), other


@pytest.mark.parametrize("pin", ["", "123", "1" * 13, "12a4", "1234\n", "\u0661\u0662\u0663\u0664"])
def test_what_is_no_pin_has_no_line(pin):
    with pytest.raises(ValueError, match="4 to 12 digits"):
        pins.hashed(pin, bytes(16))


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "2718\n", "scrypt:00:00\n", f"{LINE}\nmd5:x\n", LINE.upper(), (LINE + "\n") * 21]
)  # fmt: skip
def test_a_pin_file_with_anything_else_in_it_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        pins.read(text)


def test_who_has_not_been_asked_is_asked_and_who_says_it_passes():
    one = gate()
    assert one.passes(ZONE, PHONE, "") is False
    assert one.passes(ZONE, PHONE, "314159") is True
    assert one.passes(SITE.zones["8000"], PHONE, "") is True


def test_wrong_pins_lock_out_and_then_the_right_one_does_not_help():
    one = gate()
    assert [one.passes(ZONE, PHONE, said) for said in ("1111", "none")] == [False, False]
    for said in ("2222", "2718", ""):
        assert isinstance(one.passes(ZONE, PHONE, said), Refusal)


def test_a_lockout_is_of_one_caller_and_one_zone():
    one = gate()
    other = replace(ZONE, number="8105")
    for _ in range(3):
        one.passes(ZONE, PHONE, "1111")
    assert one.passes(ZONE, Caller(Kind.DEVICE, "1021", "1021", ("zones",)), "2718") is True
    assert one.passes(other, PHONE, "") is False


def test_a_right_pin_forgets_the_wrong_ones_before_it():
    one = gate()
    for said in ("1111", "1111", "2718", "1111", "1111"):
        found = one.passes(ZONE, PHONE, said)
    assert found is False


def test_who_calls_by_another_number_each_time_is_locked_out_with_his_trunk():
    one = gate()
    guesses = [one.passes(ZONE, behind(str(n)), "1111") for n in range(2000, 2030)]
    assert guesses[:29] == [False] * 29
    assert isinstance(guesses[29], Refusal)
    assert isinstance(one.passes(ZONE, behind("2999"), "2718"), Refusal)


def test_a_lockout_lasts_as_long_as_its_zone_says(monkeypatch):
    one, clock = gate(), [100.0]
    monkeypatch.setattr("agi.gate.time.monotonic", lambda: clock[0])
    for _ in range(3):
        one.passes(ZONE, PHONE, "1111")
    clock[0] = 159.9
    assert isinstance(one.passes(ZONE, PHONE, "2718"), Refusal)
    clock[0] = 160.0
    assert one.passes(ZONE, PHONE, "2718") is True


def test_many_guesses_at_once_are_counted_one_by_one():
    one = gate()
    found = []

    def guess():
        found.append(one.passes(ZONE, PHONE, "1111"))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(False) == 2


def test_who_is_locked_out_still_is_when_the_pins_have_changed():
    one = gate()
    for _ in range(3):
        one.passes(ZONE, PHONE, "1111")
    changed = one.with_lines({ZONE.number: (pins.hashed("5772", bytes(16)),)})
    assert isinstance(changed.passes(ZONE, PHONE, "5772"), Refusal)
    other = Caller(Kind.DEVICE, "1021", "1021", ("zones",))
    assert changed.passes(ZONE, other, "2718") is False
    assert changed.passes(ZONE, other, "5772") is True
    assert one.passes(ZONE, other, "2718") is True


def test_a_lockout_ends_and_old_guesses_are_forgotten():
    lockout = pins.Lockout()
    assert [lockout.wrong("1", "8", 60, now) for now in (100.0, 159.0, 218.0)] == [1, 2, 3]
    assert lockout.locked("1", "8", 3, 60, 277.9)
    assert not lockout.locked("1", "8", 3, 60, 278.0)
    assert lockout.wrong("1", "8", 60, 278.0) == 1


def test_no_more_callers_are_remembered_than_fit(monkeypatch):
    monkeypatch.setattr(pins, "_REMEMBERED", 3)
    lockout = pins.Lockout()
    for caller in "abcd":
        lockout.wrong(caller, "8", 60, 1.0)
    assert not lockout.locked("a", "8", 1, 60, 1.0)
    assert lockout.locked("b", "8", 1, 60, 1.0)


def test_the_verb_asks_for_a_pin_twice_and_prints_its_line(monkeypatch, capsys):
    answers = iter(["2718", "2718", "27", "27"])
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: next(answers))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    assert run(["pin", "--remark", "Ann"]) == 0
    line = capsys.readouterr().out.strip()
    assert line.endswith("  # Ann")
    assert pins.matches("2718", pins.read(line))
    assert "2718" not in line
    assert run(["pin"]) == 1
    assert list(answers) == []


@pytest.mark.parametrize("piped", ["2718\n", "2718", "2718\r\n"])
def test_the_verb_reads_a_pin_from_a_pipe_without_a_word(piped):
    done = CliRunner().invoke(command, input=piped)
    assert (done.exit_code, done.stderr) == (0, "")
    assert pins.matches("2718", pins.read(done.stdout))
    assert CliRunner().invoke(command, input="").exit_code == 1


def test_a_zone_whose_pins_cannot_be_read_is_closed(tmp_path, caplog):
    site = replace(SITE, path=tmp_path / "site.toml")
    lines = read_pins(site)
    assert lines == {"8104": ()}
    assert "paged-by=nobody" in caplog.text
    assert Gate(lines).passes(ZONE, PHONE, "2718") is False
