"""Records what a real cloud answers to commands.yaml, in recorded/:

    python3 record.py CLOUDS.YAML SITE

What the commands create is in a project `strangers` of their own, and all of it is deleted at the end.
"""
import argparse
import json
import pathlib
import sys
import tempfile

import cloud
import session

RECORDED = pathlib.Path(__file__).with_name('recorded')


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
                answers.append(typed.answer(command))
                if answers[-1].get('code') != command.get('code', 0):
                    unexpected += 1
                    print('unexpected:', json.dumps(answers[-1], indent=1), file=sys.stderr)
            (RECORDED / f'{section}.json').write_text(json.dumps(answers, indent=1, sort_keys=True) + '\n')
        typed.end()
    return min(unexpected, 1)


if __name__ == '__main__':
    sys.exit(main())
