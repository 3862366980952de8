"""Devices from a spreadsheet: each mistake with the CSV's own line."""

from pathlib import Path

import pytest

from bellhop.settings import SiteError, load

SITES = Path(__file__).parent / "sites"


@pytest.fixture
def book(tmp_path):
    """Return the site with this CSV (bytes or text), or the list of what is wrong."""

    def read(content, name="horns.csv"):
        site = tmp_path / "site.toml"
        text = (SITES / "good.toml").read_text("utf-8")
        site.write_text(text.replace("[site]\n", f'[site]\ndevices_file = "{name}"\n'))
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / "horns.csv").write_bytes(data)
        try:
            return load(site)
        except SiteError as error:
            return list(error.lines)

    return read


def test_devices_of_both_files_are_one_book(book):
    site = book(
        "number,kind,may,model,auth_user\n1101,speaker,,AXIS,h-1101\n1102,phone,devices zones,,\n"
    )
    assert site.devices["1101"].auth_user == "h-1101"
    assert site.devices["1102"].may == ("devices", "zones")
    assert site.devices["1102"].auth_user == "1102"
    assert "1008" in site.devices


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffnumber,kind\n1101,speaker\n",
        "number,kind\r\n1101,speaker\r\n\r\n,\r\n",
        " number , kind \n 1101 , speaker \n",
        "\r\n,,\r\nnumber,kind\r\n1101,speaker\r\n",
        '"number","kind"\n"1101","speaker"',
        "number,kind,model\n1101,speaker\n",
    ],
)
def test_what_a_spreadsheet_makes_of_a_good_file_is_good(book, text):
    assert book(text).devices["1101"].kind == "speaker"


def test_each_mistake_has_its_own_line_of_the_csv(book):
    said = book(
        "number,kind,model,auth_user,may,answer_timeout\n"
        "1101,speeker,,,,\n"
        ",speaker,,,,\n"
        "1102,,,,,\n"
        "1103,speaker,,,paging,20\n"
        "\n"
        "1008,speaker,,,,\n"
        "1104,speaker,,,,\n"
        "1104,speaker,,,,\n"
        "1105,speaker,a,b,c,3s,extra\n"
        "1106,speaker,,horn-1008,,\n"
        "1O7,speaker,,,,\n"
    )
    assert [line.split(" ", 2)[0] + " " + line.split(" ", 2)[1] for line in said] == [
        "horns.csv:2: kind:",
        "horns.csv:3: number:",
        "horns.csv:4: kind:",
        "horns.csv:5: may:",
        "horns.csv:5: answer_timeout:",
        "horns.csv:7: number:",
        "horns.csv:9: number:",
        "horns.csv:10: row:",
        "horns.csv:11: devices.1106.auth_user:",
        "horns.csv:12: number:",
    ]
    assert said[5] == "horns.csv:7: number: 1008 is a device already"
    assert said[7] == "horns.csv:10: row: 7 cells under 6 columns"
    assert said[8].endswith('"horn-1008" is the Authentication ID of 1008 too')


def test_a_quoted_line_break_is_no_way_to_another_number(book):
    said = book('number,kind,model\n"11\n01",speaker,\n1102,speeker,\n')
    assert said[0].startswith("horns.csv:3: number: expected a number of at most 20 digits")
    assert said[1].startswith("horns.csv:4: kind: ")


def test_unknown_and_double_and_missing_columns_are_told(book):
    assert book("number,kind,modle,kind,\n1101,speaker,,,\n") == [
        'horns.csv:1: modle: no such column; did you mean "model"?',
        "horns.csv:1: kind: the column stands there twice",
        (
            "horns.csv:1: (empty): no such column; known: answer_timeout, auth_user, dialect, kind, "
            "may, model, number, ring_timeout, vapix"
        ),
    ]
    assert book("numbr\n1101\n")[0] == (
        'horns.csv:1: numbr: no such column; did you mean "number"?'
    )
    assert book("no,kind\n1101,speaker\n")[-1] == "horns.csv:1: number: the column is missing"
    assert book("") == ["horns.csv:1: number: the column is missing"]
    semicolons = "expected commas between the columns, got semicolons"
    assert book("number;kind\n1101;speaker\n")[0] == f"horns.csv:1: number: {semicolons}"


def test_a_column_cannot_write_a_second_line(book):
    assert all(line.isprintable() for line in book('number,"a\x1b\nb"\n1,2\n'))


def test_a_file_that_cannot_be_read_is_told_at_its_key(book, tmp_path):
    assert book(None) == [
        f"site.toml:5: site.devices_file: {tmp_path}/horns.csv: No such file or directory"
    ]
    assert book(None, name=".") == [f"site.toml:5: site.devices_file: {tmp_path}: Is a directory"]
    assert book(b"number,kind\n1101,\xff\n") == [
        f"site.toml:5: site.devices_file: {tmp_path}/horns.csv: not UTF-8; save the file as UTF-8"
    ]


def test_a_cell_beyond_measure_is_no_traceback(book):
    (said,) = book("number,kind\n" + f'1101,"{"x" * 200_000}"\n')
    assert said.startswith("horns.csv:2: row: ")


def test_an_unclosed_quote_is_told_and_hides_nothing(book):
    said = book('number,kind\n1101,"speaker\n1102,phone\n')
    assert said
    assert said[0].startswith("horns.csv:3: kind: expected one of")


def test_a_thousand_devices_are_read(book):
    rows = "".join(f"{n},speaker\n" for n in range(50_000, 51_000))
    assert len(book(f"number,kind\n{rows}").devices) == 1005
