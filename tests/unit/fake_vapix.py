"""A double of an AXIS device's Audio Device Control API, built from its documentation
(developer.axis.com/vapix/audio-systems/audio-device-control), not from a device: HTTP, digest
authentication (RFC 7616, MD5, qop=auth), getDevicesSettings and setDevicesSettings.
"""

import contextlib
import copy
import hashlib
import http.server
import json
import re
import threading

USER, PASSWORD, REALM = "pager", "s3cret", "AXIS_ACCC8E000001"


def channel(number, gain):
    return {"id": number, "gain": gain, "mute": False}


def signaling(name, *channels):
    return {"id": name, "channels": list(channels)}


# An output with a selected way out, and one that is not in use.
SETTINGS = {
    "devices": [
        {
            "id": "0",
            "name": "Horn",
            "inputs": [],
            "outputs": [
                {
                    "id": "0",
                    "name": "Loudspeaker",
                    "connectionTypeSelected": "internal",
                    "connectionTypes": [
                        {
                            "id": "internal",
                            "signalingTypeSelected": "unbalanced",
                            "signalingTypes": [
                                signaling("unbalanced", channel(0, -6), channel(1, -9)),
                                signaling("balanced", channel(0, 3)),
                            ],
                        },
                        {
                            "id": "line",
                            "signalingTypeSelected": "balanced",
                            "signalingTypes": [signaling("balanced", channel(0, 1))],
                        },
                    ],
                }
            ],
        }
    ]
}


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Device(http.server.BaseHTTPRequestHandler):
    """One device. asked: the methods in order; fails: error codes by method; drips: what comes a byte
    now and then, and never ends: "head" or "body"; phrase: of the 500 that it answers with.
    """

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.house.hold is not None:
            self.house.hold.wait(10)
        if not self.proved():
            self.house.challenged += 1
            self.send_response(401)
            nonce = f"n{self.house.challenged}"
            self.send_header(
                "WWW-Authenticate",
                f'Digest realm="{REALM}", nonce="{nonce}", qop="auth", algorithm=MD5',
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.house.phrase:
            self.send_response(500, self.house.phrase)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = json.loads(body)
        answer = {key: asked[key] for key in ("apiVersion", "context", "method")}
        assert self.path == "/axis-cgi/audiodevicecontrol.cgi"
        method = asked["method"]
        self.house.asked.append(method)
        if method in self.house.fails:
            answer["error"] = {"code": self.house.fails[method], "message": "it will not"}
        elif method == "getDevicesSettings":
            answer["data"] = self.house.settings
        else:
            self.house.take(asked["params"])
            answer["data"] = {}
        said = json.dumps(answer).encode()
        self.send_response(200)
        if self.house.drips == "head":
            self.drip(b"X-More: ")
            return
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if self.house.drips == "body":
            self.drip(b"")
            return
        self.wfile.write(said)

    def drip(self, first):
        """Send a byte now and then, until nobody reads it any more."""
        self.flush_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(first)
            while not self.house.enough.wait(0.05):
                self.wfile.write(b" ")

    def proved(self):
        given = self.headers.get("Authorization", "")
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', given.removeprefix("Digest ")))
        if said.get("username") != USER or said.get("uri") != self.path:
            return False
        middle = f"{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}"
        proof = f"{md5(f'{USER}:{REALM}:{PASSWORD}')}:{middle}:{md5(f'POST:{self.path}')}"
        return said["response"] == md5(proof)

    def log_message(self, *_):
        pass


class House:
    """What the double knows and remembers."""

    def __init__(self):
        self.settings = copy.deepcopy(SETTINGS)
        self.asked = []
        self.fails = {}
        self.challenged = 0
        self.hold = None
        self.drips = self.phrase = ""
        self.enough = threading.Event()
        self.url = ""

    def take(self, params):
        """Give what is named what it is to have; what is not there is an error of the test's."""
        for device in params["devices"]:
            mine = named(self.settings["devices"], device["id"])
            for output in device["outputs"]:
                ours = named(mine["outputs"], output["id"])
                for connection in output["connectionTypes"]:
                    way = named(ours["connectionTypes"], connection["id"])
                    for one in connection["signalingTypes"]:
                        kept = named(way["signalingTypes"], one["id"])
                        for given in one["channels"]:
                            named(kept["channels"], given["id"])["gain"] = given["gain"]

    @property
    def gains(self):
        """All gains, in order: those that sound are the first two."""
        [output] = self.settings["devices"][0]["outputs"]
        return [
            one["gain"]
            for connection in output["connectionTypes"]
            for kind in connection["signalingTypes"]
            for one in kind["channels"]
        ]


def named(among, name):
    [found] = [one for one in among if one["id"] == name]
    return found


@contextlib.contextmanager
def device():
    """Serve one, and give its house."""
    house = House()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), type("It", (Device,), {"house": house})
    )
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    house.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield house
    finally:
        house.enough.set()
        server.shutdown()
        server.server_close()
        thread.join()
