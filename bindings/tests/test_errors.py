"""Every row of the table is told by every face with the same code, the same exit code, its cause and what to do about it.

`PROTECTOR_FACES` names the faces that are there: no environment has all of them.
"""

import os

import protector
import pytest
from faces import FACES
from table import ALL, TABLE, identifier

HERE = os.environ["PROTECTOR_FACES"].split(",")


@pytest.fixture(scope="module")
def pair():
    """A pair where the group `web` is protected."""
    with protector.mock.pair(seed=3) as pair:
        with open(pair.config, "a", encoding="utf-8") as config:
            config.write("engine: {poll_interval: 0.1, retry_for: 2}\n")
        with protector.open(pair.config, clouds=pair.clouds) as sites:
            sites.protect("web", primary_site="site-a", secondary_site="site-b", members=["web-1"])
        yield pair


@pytest.mark.parametrize("row", TABLE, ids=identifier)
def test_all_faces_tell_it_alike(row, pair, tmp_path):
    with row.arrange(pair, tmp_path) as environment:
        for name in (name for name in HERE if name in row.faces):
            (tmp_path / name).mkdir()
            told = FACES[name](pair, tmp_path / name).does(row.action, environment)
            assert (told.code, told.exit_code) == (row.code, row.exit_code), f"{name}: {told}"
            if name in ("python", "ansible"):
                assert told.site == row.site, f"{name}: {told}"
            for said in (*row.cause, row.remedy):
                assert said in told.text, f"{name} does not say {said!r}: {told.text}"
    with protector.open(pair.config, clouds=pair.clouds) as sites:
        groups = [(group["name"], group["status"], group["current_primary_site"]) for group in sites.groups()]
    assert groups == [("web", "active", "site-a")]


def test_the_table_is_about_all_faces():
    assert set(FACES) == set(ALL) and set(HERE) <= set(ALL)
    assert len({row.name for row in TABLE}) == len(TABLE) == 8
