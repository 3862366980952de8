"""Where a site keeps what it keeps: the file that names a database is one line, or says why not."""

from dataclasses import replace
from pathlib import Path

import pytest

from bellhop.databases import Down
from bellhop.places import Place
from bellhop.settings import load

SITE = load(Path(__file__).parent / "sites" / "good.toml")


@pytest.mark.parametrize("content", ["", "\n", "host=x\ndbname=y\n"])
def test_a_file_that_names_no_database_in_one_line_is_told(tmp_path, content):
    """An empty one would be for libpq the database of whoever runs this."""
    (tmp_path / "dsn").write_text(content)
    site = replace(SITE, path=tmp_path / "site.toml")
    with pytest.raises(Down, match=r"dsn: expected one line of printable text$"):
        Place(site, "x.db", "dsn").where()
