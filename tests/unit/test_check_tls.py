"""`bellhop check`, of a TLS listener's certificate: when it ends, whose key it has, and whether the
Kamailio that runs has it.
"""

import contextlib
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

GOOD = Path(__file__).with_name("sites") / "good.toml"
CONFIG = """
[server:default]
method = TLSv1.2+
private_key = pair.key      # a relative path is of this folder
certificate = "{folder}/pair.pem"
[client:default]
certificate = nobody-looks-at-this.pem
"""
KEYS = {"rsa": ("-newkey", "rsa:2048"), "ec": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")}  # fmt: skip


def made(folder, *, days=90.0, begins=-1.0, kind="rsa", name="pair"):
    """Have a certificate made that begins and ends so many days from now; return when it ends."""
    now = datetime.now(UTC).replace(microsecond=0)
    first, last = (f"{now + timedelta(days=some):%Y%m%d%H%M%SZ}" for some in (begins, days))
    config = folder / "openssl.cnf"
    config.write_text(
        "[req]\ndistinguished_name = dn\n[dn]\n[ca]\ndefault_ca = me\n[me]\n"
        f"database = {folder}/index.txt\nserial = {folder}/serial\nnew_certs_dir = {folder}\n"
        "default_md = sha256\nunique_subject = no\npolicy = any\n[any]\ncommonName = supplied\n"
    )
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    key, asked, pem = (str(folder / f"{name}.{end}") for end in ("key", "csr", "pem"))
    subject = ("-subj", "/CN=edge.example")
    openssl("req", "-config", config, *KEYS[kind], "-nodes", "-keyout", key, "-out", asked, *subject)  # fmt: skip
    openssl("ca", "-config", config, "-batch", "-selfsign", "-keyfile", key, "-in", asked, "-out", pem,
            "-notext", "-startdate", first, "-enddate", last)  # fmt: skip
    return now + timedelta(days=days)


def openssl(*words):
    done = subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def check(bellhop, tmp_path):
    """Return a check of the good site with a listener of TLS, by a tls.cfg in the folder."""
    config = tmp_path / "tls.cfg"
    config.write_text(CONFIG.format(folder=tmp_path))

    def go(port=9):
        site = tmp_path / "site.toml"
        listener = f'devices = ["tls:127.0.0.1:{port}", '
        site.write_text(GOOD.read_text("utf-8").replace("devices = [", listener, 1))
        code, out, err = bellhop("check", str(site), "--tls-config", str(config))
        return code, [line for line in (out + err).splitlines() if "edge.devices" in line]

    return go


@pytest.mark.parametrize("kind", KEYS)
def test_a_good_certificate_and_its_key_are_not_told_of(check, tmp_path, kind):
    made(tmp_path, kind=kind)
    assert check() == (0, [])


def test_one_that_has_ended_is_a_mistake_with_the_lines_of_both_files(check, tmp_path):
    ended = made(tmp_path, begins=-9, days=-1)
    code, (line,) = check()
    assert code == 1
    assert line == (
        f"site.toml:11: edge.devices: {tmp_path}/tls.cfg:5: {tmp_path}/pair.pem: the certificate"
        f" ended on {ended:%Y-%m-%d %H:%M} UTC: no device trusts it"
    )


def test_one_that_ends_within_30_days_is_noted_and_one_that_does_later_is_not(check, tmp_path):
    ends = made(tmp_path, days=29.5)
    code, (line,) = check()
    assert code == 0
    assert f"the certificate ends in 29 days, on {ends:%Y-%m-%d %H:%M} UTC" in line
    made(tmp_path, days=30.5)
    assert check() == (0, [])


def test_one_that_has_not_begun_is_a_mistake(check, tmp_path):
    made(tmp_path, begins=2)
    code, (line,) = check()
    assert code == 1
    assert "pair.pem: the certificate begins on " in line


def test_the_end_of_one_higher_up_in_the_chain_counts_too(check, tmp_path):
    made(tmp_path, name="above", begins=-9, days=-1)
    made(tmp_path)
    pair = tmp_path / "pair.pem"
    pair.write_text(pair.read_text() + (tmp_path / "above.pem").read_text())
    code, (line,) = check()
    assert code == 1
    assert "pair.pem: certificate 2 of 2 ended on " in line


def test_a_beginning_in_the_last_century_is_read_too(check, tmp_path):
    made(tmp_path, begins=-30 * 365.25)
    assert check() == (0, [])


def test_an_end_after_2049_is_read_too(check, tmp_path):
    """RFC 5280 §4.1.2.5: from 2050 on such a time is of another kind."""
    made(tmp_path, days=40 * 365.25)
    assert check() == (0, [])
    made(tmp_path, begins=30 * 365.25, days=40 * 365.25)
    assert check()[0] == 1


@pytest.mark.parametrize("kind", KEYS)
def test_the_key_of_another_certificate_is_a_mistake(check, tmp_path, kind):
    made(tmp_path, name="other", kind=kind)
    made(tmp_path)
    (tmp_path / "other.key").replace(tmp_path / "pair.key")
    code, (line,) = check()
    assert code == 1
    assert line.endswith("/pair.key: it is another certificate's key")


def test_a_key_that_wants_a_password_is_a_mistake_and_nobody_is_asked_for_it(check, tmp_path):
    made(tmp_path)
    key = tmp_path / "pair.key"
    openssl("pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", tmp_path / "locked")
    (tmp_path / "locked").replace(key)
    code, (line,) = check()
    assert code == 1
    assert line.endswith(
        "/pair.key: it wants a password, and nobody types one when Kamailio starts"
    )


@pytest.mark.parametrize(
    ("file", "content", "what"),
    [
        ("pair.pem", "nothing", "pair.pem: expected a certificate as PEM"),
        ("pair.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "pair.pem: expected a certificate"),
        ("pair.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "pair.pem: expected a certificate"),
        ("pair.key", "nothing", "pair.key: expected a private key as PEM"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_a_mistake(check, tmp_path, file, content, what):
    made(tmp_path)
    (tmp_path / file).write_text(content)
    code, lines = check()
    assert code == 1
    assert what in lines[0]


@pytest.mark.parametrize("file", ["tls.cfg", "pair.pem", "pair.key"])
def test_a_file_that_is_not_here_is_noted(check, tmp_path, file):
    made(tmp_path)
    (tmp_path / file).unlink()
    code, (line,) = check()
    assert code == 0
    assert f"{tmp_path / file} is not here, so it was not checked" in line


def test_a_tls_cfg_that_names_none_is_noted(check, tmp_path):
    (tmp_path / "tls.cfg").write_text("[server:default]\nmethod = TLSv1.2+\n")
    code, (line,) = check()
    assert code == 0
    assert "names no certificate of a server, so none was checked" in line


@contextlib.contextmanager
def serving(folder):
    """Serve TLS with the folder's pair, and give the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem", folder / "pair.key")

    def greet(listening):
        with listening.accept()[0] as plain, contextlib.suppress(OSError):
            context.wrap_socket(plain, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=greet, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_a_kamailio_that_runs_with_an_older_certificate_is_noted(check, tmp_path):
    ends = made(tmp_path, days=2)
    with serving(tmp_path) as port:
        made(tmp_path)
        code, (line,) = check(port)
    assert code == 0
    assert f"tls:127.0.0.1:{port} has another certificate than the file, one that ends" in line
    assert f" on {ends:%Y-%m-%d %H:%M} UTC, until Kamailio reads it anew: kamcmd tls.reload" in line


def test_one_that_runs_with_the_certificate_of_the_file_is_not_told_of(check, tmp_path):
    made(tmp_path)
    with serving(tmp_path) as port:
        assert check(port) == (0, [])
