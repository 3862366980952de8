"""The fake against the server: every answer that a live Kamailio gave, the fake gives too."""

from importlib import resources

import pytest
from kamailio_kemi.fake import FakeKSR, Queue, Table

MEASURED = resources.files("kamailio_kemi").joinpath("measured.tsv").read_text(encoding="utf-8")
QUESTIONS = [tuple(line.split("\t")) for line in MEASURED.splitlines()]


@pytest.fixture(scope="module")
def answers():
    """The fake's answers to all questions, asked in their order within one request."""
    fake = FakeKSR()
    fake.tables["plain"] = Table()
    fake.tables["counts"] = Table(initval=0)
    fake.queues["q"] = Queue(size=4)
    fake.pv["$shv(text)"] = ""
    fake.request(
        "OPTIONS",
        "sip:bob@127.0.0.1:5077",
        source=("127.0.0.1", 5099),
        headers=[("X-Two", "one"), ("X-Two", "two"), ("X-Bad", b"a\xffb")],
        fu="sip:alice@x.example",
        fU="alice",
        tU="bob",
        ci="c1",
    )
    fake.returns["tm.t_newtran"] = 1
    return [_answer(fake, question) for question, _ in QUESTIONS]


def _answer(fake, question):
    """What the question gives, and how many error lines it logged."""
    before = len(fake.errors)
    try:
        answer = ascii(eval(question, {"KSR": fake.KSR}))  # noqa: S307 - our own questions
    except Exception as error:  # noqa: BLE001 - whatever is raised is the answer
        answer = f"!! {type(error).__name__}: {str(error)!a}"
    return answer, len(fake.errors) - before


def test_there_are_hundreds_of_measured_answers():
    assert len(QUESTIONS) > 300


@pytest.mark.parametrize("number", range(len(QUESTIONS)), ids=[q for q, _ in QUESTIONS])
def test_the_fake_answers_as_the_server_did(answers, number):
    question, measured = QUESTIONS[number]
    assert answers[number][0] == measured, question


@pytest.mark.parametrize(
    "question",
    [
        'KSR.sl.sl_send_reply("200","OK")',
        "KSR.sl.sl_send_reply(200)",
        'KSR.tm.t_set_fr("1000", 500)',
        "KSR.pv.get(1)",
        'KSR.pv.get("$ru ")',
        'KSR.htable.sht_get("notable","i")',
    ],
)
def test_what_the_server_logs_as_an_error_the_fake_logs(answers, question):
    number = [q for q, _ in QUESTIONS].index(question)
    assert answers[number][1] == 1
