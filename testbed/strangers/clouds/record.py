"""Records what a real cloud answers to commands.yaml, in recorded/:

    python3 record.py CLOUDS.YAML SITE

What the commands create is in a project `strangers` of their own, and all of it is deleted at the end.
"""
import argparse
import json
import pathlib
import re
import sys
import tempfile

import cloud
import session

RECORDED = pathlib.Path(__file__).with_name('recorded')
LEFT = re.compile(r'\bapp-|_app-')
"""Names of what the testbed's scenario leaves on its sites."""


def without_left(answer):
    """The answer without what was there before: rows of lists."""
    rows = answer.get('answer')
    if isinstance(rows, list):
        answer['answer'] = [row for row in rows if not (isinstance(row, dict) and any(
            isinstance(value, str) and LEFT.search(value) for value in row.values()))]
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('clouds')
    parser.add_argument('site')
    arguments = parser.parse_args()
    unexpected = 0
    with tempfile.TemporaryDirectory() as folder:
        cloud.write(folder, arguments.clouds, arguments.site)
        typed = session.Session(folder)
        for section, commands in session.sections().items():
            answers = []
            for command in commands:
                answers.append(without_left(typed.answer(command)))
                if answers[-1].get('code') != command.get('code', 0):
                    unexpected += 1
                    print('unexpected:', json.dumps(answers[-1], indent=1), file=sys.stderr)
            (RECORDED / f'{section}.json').write_text(json.dumps(answers, indent=1, sort_keys=True) + '\n')
        typed.end()
    return min(unexpected, 1)


if __name__ == '__main__':
    sys.exit(main())
