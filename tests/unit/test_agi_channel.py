"""The AGI adapter against what Asterisk 22.10 says, and against what it must survive."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.channel import Channel, Gone, Refused


def channel(answers: str):
    written = io.BytesIO()
    return Channel({"channel": "PJSIP/x-1"}, io.BytesIO(answers.encode()), written), written


def test_a_variable_is_asked_for_and_read():
    made, written = channel("200 result=1 (<sip:1020@device.bellhop.invalid>)\n")
    assert made.variable("BELLHOP_CALLER") == "<sip:1020@device.bellhop.invalid>"
    assert written.getvalue() == b'GET VARIABLE "BELLHOP_CALLER"\n'


def test_a_variable_that_is_not_set_is_empty():
    assert channel("200 result=0\n")[0].variable("X") == ""


@pytest.mark.parametrize("value", ["hangup", "(a) (b)", "200 result=1 (x)", 'a"b', "result=-1"])
def test_a_value_is_only_a_value(value):
    assert channel(f"200 result=1 ({value})\n")[0].variable("X") == value


def test_a_variable_is_set():
    made, written = channel("200 result=1\n")
    made.put("BELLHOP_RESULT", "room")
    assert written.getvalue() == b'SET VARIABLE "BELLHOP_RESULT" "room"\n'


def test_variables_are_set_in_one_exchange_in_their_order():
    made, written = channel("200 result=0\n")
    made.tell({"BELLHOP_ROOM": "page-6a-1f", "BELLHOP_CAUSE": "", "BELLHOP_RESULT": "room"})
    said = b'EXEC MSet "BELLHOP_ROOM=page-6a-1f,BELLHOP_CAUSE=,BELLHOP_RESULT=room"\n'
    assert written.getvalue() == said


@pytest.mark.parametrize("bad", ["a,B=c", 'a"', "${B}", "a(b", "a b", "a=b", "\u0661", "a\nEXEC x"])
def test_what_mset_would_read_as_more_than_a_value_is_not_sent(bad):
    made, written = channel("200 result=0\n")
    with pytest.raises(ValueError, match="MSet would not take X as it is"):
        made.tell({"X": bad, "Y": "1"})
    assert written.getvalue() == b""


@pytest.mark.parametrize(("answer", "is_gone"), [("-1", True), ("-2", False), ("1", False)])
def test_what_mset_did_not_do_has_not_been_told(answer, is_gone):
    with pytest.raises(Gone if is_gone else Refused):
        channel(f"200 result={answer}\n")[0].tell({"X": "1"})


def test_what_the_dialplan_passes_is_not_asked_for():
    made, written = channel("200 result=1 (other)\n")
    made.env.update({"arg_1": "PJSIP/x-1", "arg_2": "8000", "arg_3": ""})
    assert (made.given(2, "ZONE"), made.given(3, "CALLER")) == ("8000", "")
    assert written.getvalue() == b""
    assert made.given(4, "PIN") == "other"
    assert written.getvalue() == b'GET VARIABLE "PIN"\n'


def test_quotes_and_backslashes_are_escaped():
    made, written = channel("200 result=1\n")
    made.put("X", 'a\\"b')
    assert written.getvalue() == b'SET VARIABLE "X" "a\\\\\\"b"\n'


@pytest.mark.parametrize("bad", ["a\nEXEC System x", "a\rb", "a\0b", "\x1b[0m", "\x7f"])
def test_a_control_character_is_refused_and_nothing_is_sent(bad):
    made, written = channel("200 result=1\n")
    with pytest.raises(ValueError, match="control characters"):
        made.put("X", bad)
    with pytest.raises(ValueError, match="control characters"):
        made.variable(bad)
    assert written.getvalue() == b""


def test_a_line_longer_than_asterisks_buffer_is_refused():
    made, written = channel("200 result=1\n")
    with pytest.raises(ValueError, match="too long"):
        made.put("X", "é" * 4000)
    assert written.getvalue() == b""


@pytest.mark.parametrize(
    "answers",
    [
        "", "200 resu", "HANGUP\n", "HANGUP\n200 result=1 (x)\n", "200 result=-1\n",
        "511 Command Not Permitted on a dead channel or intercept routine\n",
        "100 result=0 Trying...\n", "100 result=0 Trying...\nHANGUP\n",
    ],
)  # fmt: skip
def test_a_caller_that_is_gone_is_gone(answers):
    with pytest.raises(Gone):
        channel(answers)[0].variable("X")


def test_trying_is_not_the_answer():
    assert channel("100 result=0 Trying...\n200 result=1 (x)\n")[0].variable("X") == "x"


@pytest.mark.parametrize(
    "answers",
    [
        "510 Invalid or unknown command\n",
        "520-Invalid command syntax.  Proper usage follows:\nUsage: X\n520 End of proper usage.\n",
        "520 Invalid command syntax.  Proper usage not available.\n",
        "nonsense\n", "200\n", "200 ok\n", "\n",
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(answers):
    with pytest.raises(Refused):
        channel(answers)[0].variable("X")


def test_a_usage_text_that_does_not_end_is_a_gone_peer():
    with pytest.raises(Gone):
        channel("520-Invalid command syntax.  Proper usage follows:\nUsage\n")[0].variable("X")


def test_a_line_without_end_is_not_read_without_end():
    with pytest.raises(Gone):
        channel("2" * 100_000 + "\n")[0].variable("X")


class Broken(io.BytesIO):
    def readline(self, *_):
        raise TimeoutError("timed out")

    def write(self, _):
        raise BrokenPipeError("broken pipe")


def test_a_time_limit_and_a_broken_pipe_mean_gone():
    with pytest.raises(Gone, match="timed out"):
        Channel({}, Broken(), io.BytesIO()).variable("X")
    with pytest.raises(Gone, match="broken pipe"):
        Channel({}, io.BytesIO(), Broken()).put("X", "1")


def test_nothing_is_written_to_stderr(capsys):
    channel("200 result=1 (secret)\n")[0].variable("X")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("end", ["\n", "\r", "\0"])
def test_a_command_that_was_not_quoted_is_one_line_too(end):
    made, written = channel("200 result=1\n")
    with pytest.raises(ValueError, match="must be one line"):
        made.send_command("NOOP", f"x{end}y")
    assert written.getvalue() == b""


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_value_one_put_is_at_most_one_line(name, value):
    made, written = channel("200 result=1\n")
    try:
        made.put(name, value)
    except ValueError:
        assert written.getvalue() == b""
    else:
        line = written.getvalue()
        assert line.count(b"\n") == 1
        assert not any(byte < 32 for byte in line[:-1])


@given(st.binary(max_size=200))
def test_whatever_comes_back_it_is_a_value_or_one_of_two_errors(data):
    made = Channel({}, io.BytesIO(data), io.BytesIO())
    with contextlib.suppress(Gone, Refused):
        assert isinstance(made.variable("X"), str)
