"""A session of people's `openstack` command: what commands.yaml says, typed one after the other."""
import contextlib
import io
import json
import multiprocessing
import pathlib
import shlex
import string
import sys
import time

import yaml
from openstackclient import shell

import cloud
import normal

COMMANDS = pathlib.Path(__file__).with_name('commands.yaml')
PATIENCE = 40
"""Seconds until what was waited for has to be so."""
PAUSE = 0.2


def sections():
    """The commands by section, each with whose it is."""
    found, whose = yaml.safe_load(COMMANDS.read_text()), cloud.ADMINISTRATOR
    for commands in found.values():
        for command in commands:
            whose = command.setdefault('as', whose)
    return found


class Session:
    """What has been saved so far, and the client."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.saved, self._shells = {}, {}
        for name, content in [('image_file', b'image' * 819 + b'.'), ('public_key_file', KEY)]:
            (folder / name).write_bytes(content)
            self.saved[name] = str(folder / name)

    def answer(self, command):
        """What the command printed and exited with, normalized; asked again until it is what the command
        waits for."""
        missing = [name for name in names(command['run']) if name not in self.saved]
        if missing:
            return {'command': command['run'], 'not run': f'nothing before it saved {missing}'}
        words = [string.Template(word).substitute(self.saved) for word in shlex.split(command['run'])]
        deadline = time.monotonic() + PATIENCE
        while True:
            code, printed, said = self._shell(command['as'], words).run(
                ['--os-cloud', command['as'], *words, *json_wanted(words)])
            answer = parsed(printed)
            until = command.get('until', {})
            hopeless = code and 'code' not in until
            if hopeless or reached(until, code, answer) or time.monotonic() > deadline:
                break
            time.sleep(PAUSE)
        if code == 0:
            for name, field in command.get('save', {}).items():
                found = at(answer, field)
                if found is not None:
                    self.saved[name] = found
        return normal.of({'command': command['run'], 'as': command['as'], 'code': code, 'answer': answer,
                          'said': said}, self.saved)

    def _shell(self, whose, words):
        versions = [words[place + 1] for place, word in enumerate(words) if word.endswith('-api-version')]
        key = (whose, *versions)
        if key not in self._shells:
            self._shells[key] = _Shell()
        return self._shells[key]

    def end(self):
        for one in self._shells.values():
            one.end()


class _Shell:
    """A process that runs the client's own entry point, again and again. The client keeps clients of services
    for as long as its process lives, so that each user, and each version of an API, has a process of its own."""

    def __init__(self):
        context = multiprocessing.get_context('fork')
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run_all, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, words):
        """What it exits with, prints and says on its standard error."""
        self._ours.send(words)
        return self._ours.recv()

    def end(self):
        self._ours.send(None)
        self._process.join()


def _run_all(commands):
    sys.argv = ['openstack']
    while words := commands.recv():
        printed, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            try:
                code = shell.main(words)
            except SystemExit as ended:
                code = ended.code
        commands.send((code, printed.getvalue(), said.getvalue()))


WITH_AN_ANSWER = {'create', 'list', 'show', 'issue', 'add volume'}


def json_wanted(words):
    """`-f json` for commands that have an answer."""
    command = [word for word in words if not word.startswith('-')]
    with_answer = WITH_AN_ANSWER & (set(command[:5]) | {' '.join(command[1:3])})
    return ['-f', 'json'] if with_answer else []


def parsed(printed):
    try:
        return json.loads(printed)
    except ValueError:
        return printed or None


def reached(until, code, answer):
    if 'code' in until:
        return code == until['code']
    return all(isinstance(answer, dict) and answer.get(field) == value for field, value in until.items())


def at(answer, field):
    for step in field.split('.'):
        if isinstance(answer, list):
            answer = dict(enumerate(answer)).get(int(step))
        else:
            answer = answer.get(step) if isinstance(answer, dict) else None
    return answer


def names(text):
    return string.Template(text).get_identifiers()


KEY = (b'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFN0cmFuZ2Vyc1N0cmFuZ2Vyc1N0cmFuZ2Vyc1N0cmFu strangers\n')
