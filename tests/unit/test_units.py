"""What systemd is told about Kamailio."""

import configparser
from pathlib import Path

DROP_IN = Path(__file__).parents[2] / "config/systemd/kamailio.service.d"


def test_kamailio_is_started_again_however_it_ended_and_soon():
    """With its own start, measured at half a second, it is back within five."""
    [file] = DROP_IN.glob("*.conf")
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(file.read_text("utf-8"))
    assert unit["Service"]["Restart"] == "always"
    assert float(unit["Service"]["RestartSec"]) <= 2
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
