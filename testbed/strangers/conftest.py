import json
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from pair import Pair


@pytest.fixture(scope='session')
def pair():
    """`cargo xtask test strangers` starts it; by hand: `protector-sim --base-port 0 --output json > FILE`."""
    told = os.environ.get('STRANGERS_PAIR')
    if not told:
        pytest.fail('STRANGERS_PAIR has to name the file with what `protector-sim --output json` told')
    return Pair(json.loads(pathlib.Path(told).read_text()))
