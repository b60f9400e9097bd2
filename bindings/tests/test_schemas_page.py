"""What the page of the JSON schemas shows does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import protector

ROOT = Path(__file__).parents[2]


def test_an_answer_is_judged_as_the_page_shows():
    text = (ROOT / "docs/schemas.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    with protector.mock.pair(seed=3) as pair:
        environment = {
            **os.environ,
            "PATH": f"{Path(os.environ['PROTECTOR_COMMAND']).parent}{os.pathsep}{os.environ['PATH']}",
            "PROTECTOR_CONFIG": pair.config,
            "OS_CLIENT_CONFIG_FILE": pair.clouds,
        }

        def judged(program):
            return subprocess.run(
                [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
            )

        done = judged(shown)
        assert done.returncode == 0, done.stderr
        assert "ValidationError" in judged(shown.replace("#site-list", "#site-show")).stderr
