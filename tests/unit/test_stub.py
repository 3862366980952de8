"""The stub of KSR: generated, committed, and strict where KSR itself is not."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from kamailio_kemi import api, generate, stubs

DISTRIBUTION = Path(__file__).resolve().parents[2] / "typings" / "kamailio-kemi-stubs"

GOOD = """\
import KSR as KSR

code: int = KSR.sl.send_reply(200, "OK")
KSR.tm.t_relay()
KSR.info("text")
KSR.setflag(True)
value: str | int | None = KSR.pv.get("$ru")
KSR.pv.setl("$avp(x)", 2**40)
yes: bool = KSR.is_INVITE()
exists = hasattr(KSR.tm, "t_exists")
tasks = getattr(KSR, "async")
"""

BAD = {
    "KSR.tm.t_relai()": "attr-defined",
    'KSR.sl.send_reply("200", "OK")': "arg-type",
    "KSR.sl.send_reply(200)": "call-arg",
    'KSR.sl.send_reply(200, "OK", 1)': "call-arg",
    'KSR.sl.send_reply(p1=200, p2="OK")': "call-arg",
    "KSR.sl.send_reply(200.0, 'OK')": "arg-type",
    "KSR.sl.send_reply(200, b'OK')": "arg-type",
    "KSR.x.exit()": "attr-defined",
    "KSR.x.modf('sl_send_reply', '200', 'OK')": "attr-defined",
    "KSR.usrloc.save()": "attr-defined",
    'text: str = KSR.pv.get("$ru")': "assignment",
    "KSR.info(1)": "arg-type",
    'said = KSR.info("text")': "func-returns-value",
}


def mypy(folder, text):
    """What mypy strict says of the text: its lines with an error."""
    (folder / "script.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--no-error-summary"]
    command += ["--hide-error-context", "--config-file=", "script.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr
    return [line for line in done.stdout.splitlines() if ": error: " in line]


def test_mypy_accepts_what_ksr_accepts(tmp_path):
    assert mypy(tmp_path, GOOD) == []


def test_mypy_refuses_what_ksr_refuses_or_has_not(tmp_path):
    lines = ["import KSR as KSR", *BAD]
    found = mypy(tmp_path, "\n".join(lines) + "\n")
    numbers = {int(line.split(":")[1]): line for line in found}
    for number, (text, code) in enumerate(BAD.items(), 2):
        assert f"[{code}]" in numbers.get(number, ""), text


def test_the_stub_files_themselves_are_right_in_the_eyes_of_mypy():
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file="]
    command += ["--no-incremental", "KSR-stubs/__init__.pyi"]
    done = subprocess.run(command, cwd=DISTRIBUTION, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Success"), done.stdout


def test_the_committed_stubs_are_those_of_the_committed_list(capsys):
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_a_function_that_the_server_changed_is_shown_as_a_difference(tmp_path, capsys):
    kemi = api.load()
    changed = tuple(
        dataclasses.replace(f, params=("str", "str")) if f.path == "sl.send_reply" else f
        for f in kemi.functions
        if f.path != "tm.t_relay"
    )
    file = tmp_path / "api_list.json"
    file.write_text(api.dump(api.Api(kemi.kamailio, changed)), encoding="utf-8")
    assert generate.main(["--check", "--list", str(file)]) == 1
    shown = capsys.readouterr().out
    assert "-def t_relay() -> int: ..." in shown
    assert "+def send_reply(p1: str, p2: str, /) -> int: ..." in shown


def test_a_module_that_is_no_more_loses_its_stub(tmp_path):
    kemi = api.load()
    generate.write(tmp_path, {f"KSR-stubs/{n}": t for n, t in stubs.files(kemi).items()})
    left = api.Api("6.9.0", tuple(f for f in kemi.functions if f.module != "sl"))
    generate.write(tmp_path, {f"KSR-stubs/{n}": t for n, t in stubs.files(left).items()})
    assert not (tmp_path / "KSR-stubs" / "sl.pyi").exists()
    assert (tmp_path / "KSR-stubs" / "tm.pyi").exists()


def test_the_list_reads_back_as_it_was_written(tmp_path):
    file = tmp_path / "api_list.json"
    file.write_text(api.dump(api.load()), encoding="utf-8")
    assert api.load(file) == api.load()
    assert file.read_text() == api.COMMITTED.read_text()


def test_the_list_covers_the_modules_that_scripts_stand_on():
    assert {
        "tm",
        "sl",
        "pv",
        "hdr",
        "htable",
        "registrar",
        "auth",
        "nathelper",
    } <= api.load().modules


# --- an answer of a server that is not as it should be ---

ROW = {"module": "tm", "name": "t_relay", "params": "none", "ret": "int"}


def answer(*rows, msize=None):
    """An answer of api_list."""
    return {"msize": len(rows) if msize is None else msize, "methods": [{"func": r} for r in rows]}


def test_an_answer_becomes_functions():
    (function,) = api.from_answer(answer(ROW), "6.1.5").functions
    assert function == api.Function("tm", "t_relay", (), "int")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (answer(ROW, msize=2), "it says 2 functions and has 1"),
        ({"methods": []}, "msize"),
        (answer(ROW | {"params": "str, blob"}), "blob"),
        (answer(ROW | {"params": None}), "does not name the parameters of KSR.tm.t_relay"),
        (answer(ROW | {"ret": "blob"}), "unknown type: 'blob'"),
        (answer(ROW | {"name": "t relay"}), "no name in Python"),
    ],
)
def test_an_answer_that_cannot_be_says_why(wrong, says):
    with pytest.raises(api.ApiListError, match=says):
        api.from_answer(wrong, "6.1.5")


def test_two_lists_that_disagree_are_not_merged():
    one = api.from_answer(answer(ROW), "6.1.5")
    with pytest.raises(api.ApiListError, match="two signatures"):
        one.merged(api.from_answer(answer(ROW | {"params": "str"}), "6.1.5"))
    with pytest.raises(api.ApiListError, match="two versions"):
        one.merged(api.from_answer(answer(ROW), "6.1.6"))


def test_a_file_that_is_no_list_is_named(tmp_path, capsys):
    file = tmp_path / "list.json"
    file.write_text(json.dumps([]), encoding="utf-8")
    assert generate.main(["--list", str(file), "--out", str(tmp_path)]) == 1
    assert f"{file}: not an api_list.json" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_a_sentence(tmp_path, capsys):
    gone = tmp_path / "rpc.sock"
    assert generate.main(["--socket", str(gone), "--out", str(tmp_path)]) == 1
    assert f"{gone}: No such file or directory" in capsys.readouterr().err
