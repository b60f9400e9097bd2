"""What is known of groups without asking anybody."""

import importlib.util
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "plugins/module_utils/target.py"
SPEC = importlib.util.spec_from_file_location("target", SOURCE)
target = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(target)


def test_no_two_vms_are_one_host():
    groups = [
        {"name": "shop", "members": [{"name": "web-1"}, {"name": "db"}]},
        {"name": "wiki", "members": [{"name": "web-1"}]},
    ]
    assert target.host_names(groups) == {
        ("shop", "web-1"): "shop_web-1", ("shop", "db"): "db", ("wiki", "web-1"): "wiki_web-1",
    }
