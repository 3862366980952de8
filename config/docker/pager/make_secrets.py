# ruff: noqa: INP001 - a program of its own, in no package
"""Make the secrets that are missing, in the volume that the servers see read-only.

Usage: make_secrets.py site.toml LAB_UID, as root. What exists stays; devices that are new in the
site get a password, and the hashes are made again. Who may read what: `ami` and
`devices.htdigest` the servers (uid 5060), `devices.passwords` (lines `number auth_user password`)
the test bench alone, as its own user or as root;
a `pin_file` of a zone the servers.
"""

import hashlib
import os
import secrets
import sys
import tomllib
from pathlib import Path

SERVERS = 5060
FOLDER = Path("/etc/bellhop/secrets")


def write(name: str, text: str, owner: int, group: int) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    part = FOLDER / f".{name}.part"
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440), "w") as file:
        file.write(text)
    os.chown(part, owner, group)
    part.rename(FOLDER / name)


def main(site_file: str, lab: int) -> None:
    """Make every secret of the site that the volume lacks."""
    site = tomllib.loads(Path(site_file).read_text("utf-8"))
    FOLDER.chmod(0o755)
    if not (FOLDER / "ami").exists():
        write("ami", secrets.token_urlsafe(32) + "\n", SERVERS, SERVERS)

    # The lab's zones with a PIN have this one; a real one is nobody's but the site's.
    for zone in site.get("zones", {}).values():
        if (name := zone.get("pin_file", "")).startswith("secrets/"):
            salt = secrets.token_bytes(16)
            pin = hashlib.scrypt(b"2718", salt=salt, n=4096, r=8, p=1, dklen=32)
            line = f"scrypt:{salt.hex()}:{pin.hex()}\n"
            write(name.removeprefix("secrets/"), line, SERVERS, SERVERS)

    known: dict[tuple[str, str], str] = {}
    passwords = FOLDER / "devices.passwords"
    if passwords.exists():
        for line in passwords.read_text("utf-8").splitlines():
            number, user, password = line.split()
            known[number, user] = password
    devices = [(number, row.get("auth_user", number)) for number, row in site["devices"].items()]
    lines = [
        (number, user, known.get((number, user)) or secrets.token_urlsafe(16))
        for number, user in devices
    ]
    write("devices.passwords", "".join(f"{n} {u} {p}\n" for n, u, p in lines), lab, 0)
    realm = site["site"]["realm"]
    write(
        "devices.htdigest",
        "".join(f"{u}:{realm}:{ha1(u, realm, p)}\n" for _, u, p in lines),
        SERVERS,
        SERVERS,
    )


def ha1(user: str, realm: str, password: str) -> str:
    """RFC 2617 3.2.2.2: what SIP digest needs of a password."""
    return hashlib.md5(f"{user}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


main(sys.argv[1], int(sys.argv[2]))
