"""Before the suite runs against somebody's edge: wrong options, and an edge that is not there, are
told at once.
"""

import socket
import threading
from pathlib import Path

import pytest

from bellhop.addresses import Address
from tests.chain.harness import theirs

SITE = str(Path(__file__).parent / "sites" / "good.toml")
LOCAL = "127.0.0.1"


@pytest.fixture
def there():
    """A UDP socket of somebody's, and its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((LOCAL, 0))
        yield made, Address(LOCAL, made.getsockname()[1])


@pytest.fixture
def passwords(tmp_path):
    file = tmp_path / "passwords"
    file.write_text("1008 horn-1008 word\n")
    return str(file)


def test_whatever_answers_is_there(there, passwords):
    server, edge = there
    asked = []

    def serve():
        message, source = server.recvfrom(2048)
        asked.append(message.decode())
        server.sendto(b"SIP/2.0 405 Method Not Allowed\r\n\r\n", source)

    serving = threading.Thread(target=serve)
    serving.start()
    theirs.check(str(edge), SITE, passwords, LOCAL)
    serving.join()
    assert asked[0].startswith(f"OPTIONS sip:{edge} SIP/2.0\r\n")


def test_silence_and_a_closed_port_are_told(there):
    server, edge = there
    with pytest.raises(theirs.WrongOptionError, match=f"{edge}: no answer to OPTIONS from {LOCAL}"):
        theirs.answered(edge, LOCAL, 0.1)
    server.close()
    with pytest.raises(theirs.WrongOptionError, match="Connection refused"):
        theirs.answered(edge, LOCAL)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("edge", "192.0.2.1", "--edge: expected an IP address and port"),
        ("edge", "edge.example:5060", "--edge: expected an IP address and port"),
        ("site", "/nowhere/site.toml", "/nowhere/site.toml: No such file"),
        ("site", str(Path(SITE).with_name("ten.toml")), "ten.toml:"),
        ("passwords", "/nowhere/passwords", "--passwords /nowhere/passwords: No such file"),
        ("passwords", None, "needs --passwords"),
        ("local", None, "and --local"),
        ("local", "here", "--local: expected an IP address"),
        ("local", "192.0.2.77", "--local 192.0.2.77: "),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_sent(passwords, option, value, said):
    right = {"edge": "127.0.0.1:9", "site": SITE, "passwords": passwords, "local": LOCAL}
    with pytest.raises(theirs.WrongOptionError) as told:
        theirs.check(**{**right, option: value})
    assert said in str(told.value)


@pytest.mark.parametrize("line", ["1008 horn-1008", "1008 horn-1008 two words"])
def test_a_line_without_three_words_is_told_with_its_place_and_no_word_of_it(tmp_path, line):
    file = tmp_path / "passwords"
    file.write_text(f"# the test's\n1009 1009 word\n{line}\n")
    with pytest.raises(theirs.WrongOptionError) as told:
        theirs.check("127.0.0.1:9", SITE, str(file), LOCAL)
    assert f"--passwords {file}:3: expected a number, auth_user and password" in str(told.value)
    assert "horn-1008" not in str(told.value)


def test_two_runs_with_one_address_are_one_too_many():
    first = theirs.alone("192.0.2.99")
    with pytest.raises(theirs.WrongOptionError, match="another run"):
        theirs.alone("192.0.2.99")
    first.close()
    theirs.alone("192.0.2.99").close()
