"""`bellhop check`: notes on what is no mistake, and may not be what was meant."""

from pathlib import Path

import pytest

GOOD = Path(__file__).with_name("sites") / "good.toml"
PLAN = '[numbering]\ncountry = "44"\ninternational = "00"\nnational = "0"\n'


@pytest.mark.parametrize(
    ("settings", "plan", "noted"),
    [
        ('format = "+e164"\nprefix = "00"', PLAN, 'where prefix changes the digits no plus is left: +442079460000 is sent as "00442079460000"'),
        ('format = "+e164"\nstrip = 2', PLAN, 'where strip changes the digits no plus is left: +442079460000 is sent as "2079460000"'),
        ('format = "+e164"\nstrip = 2\nprefix = "+"', PLAN, ""),
        ('format = "e164"\nprefix = "00"', PLAN, ""),
        ('format = "+e164"', PLAN, ""),
        ('format = "e164"', "", "without [numbering] only what is dialled with a + is known"),
        ('prefix = "00"', "", ""),
    ],
)  # fmt: skip
def test_numbers_that_are_not_sent_as_the_format_says_are_noted(
    bellhop, tmp_path, settings, plan, noted
):
    site = tmp_path / "site.toml"
    text = GOOD.read_text("utf-8").replace(
        "[carriers.north]\n", f"[carriers.north]\n{settings}\n", 1
    )
    site.write_text(f"{text}\n{plan}")
    code, out, err = bellhop("check", str(site))
    assert (code, err) == (0, "")
    assert (f"note: carriers.north.format: {noted}" in out) if noted else (".format" not in out)


@pytest.mark.parametrize(
    ("members", "settings", "noted"),
    [
        ('"tel:+442079460000"', 'outside_timeout = "31s"', "outside_timeout: 31s is more than"),
        ('"tel:+442079460000"', 'outside_timeout = "30s"', ""),
        ('"1008"', 'outside_timeout = "31s"', ""),  # nobody is outside
        ('"1008"', 'ring_timeout = "1m"', "ring_timeout: 1m is more than"),
        ('"multicast:239.1.2.3:5004"', 'ring_timeout = "1m"', ""),  # it does not ring
    ],
)
def test_a_zone_that_would_ring_longer_than_the_edge_does_is_noted(
    bellhop, tmp_path, members, settings, noted
):
    site = tmp_path / "site.toml"
    zone = f'[zones.8201]\nname = "Z"\nmembers = [{members}]\n{settings}\n'
    site.write_text(f"{GOOD.read_text('utf-8')}\n{zone}")
    code, out, err = bellhop("check", str(site))
    assert (code, err) == (0, "")
    assert (f"note: zones.8201.{noted} edge.budget" in out) if noted else ("8201" not in out)


@pytest.mark.parametrize(
    ("probe", "noted"),
    [("1s", "1s: a gateway gets 60 OPTIONS a minute"), ("4s", "4s: a gateway gets 15 OPTIONS"), ("5s", ""), ("10s", ""), ("off", "")],
)  # fmt: skip
def test_a_probe_that_is_quicker_than_silence_is_known_is_noted(bellhop, tmp_path, probe, noted):
    site = tmp_path / "site.toml"
    text = GOOD.read_text("utf-8").replace("[edge]\n", f'[edge]\nprobe = "{probe}"\n', 1)
    site.write_text(text)
    code, out, err = bellhop("check", str(site))
    assert (code, err) == (0, "")
    assert (f"note: edge.probe: {noted}" in out) if noted else ("edge.probe" not in out)


@pytest.mark.parametrize("key", ["probe", "probe_devices"])
def test_a_probe_of_no_whole_seconds_is_refused_as_kamailio_counts_in_these(told_changed, key):
    said = told_changed("attempts = 3", f'attempts = 3\n{key} = "5500ms"')
    assert said == [f'edge.{key}: expected whole seconds, got "5500ms"']
