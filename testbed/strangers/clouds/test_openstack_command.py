"""People's `openstack` command on a simulated site: each command of commands.yaml ends as it says there, and answers
what a real site has answered (recorded/). What is excused, and why, is in exceptions.yaml."""
import json
import pathlib
import re

import pytest
import yaml

import cloud
import normal
import session

HERE = pathlib.Path(__file__).parent
TYPED = [(section, place, command) for section, commands in session.sections().items()
         for place, command in enumerate(commands)]
RECORDED = {path.stem: json.loads(path.read_text()) for path in (HERE / 'recorded').glob('*.json')}
EXCEPTIONS = yaml.safe_load((HERE / 'exceptions.yaml').read_text())
MOST_EXCEPTIONS = 30


@pytest.fixture(scope='module')
def answers(pair, tmp_path_factory):
    """What the simulated site answers to all commands, in their order."""
    folder = tmp_path_factory.mktemp('commands')
    cloud.write(folder, pair.told['clouds'], 'site-a')
    typed, found = session.Session(folder), {}
    for section, place, command in TYPED:
        found[section, place] = typed.answer(command)
    typed.end()
    return found


def ids(typed):
    return [f"{section}-{place}-{command['run'][:60]}" for section, place, command in typed]


def excuses(exception, command, difference):
    return bool(re.search(exception['command'], command) and re.search(exception['difference'], difference))


@pytest.mark.parametrize(('section', 'place', 'command'), TYPED, ids=ids(TYPED))
def test_command_ends_as_expected(answers, section, place, command):
    answer = answers[section, place]
    assert answer.get('code') == command.get('code', 0), json.dumps(answer, indent=1)


@pytest.mark.parametrize(('section', 'place', 'command'), TYPED, ids=ids(TYPED))
def test_answer_is_a_real_sites(answers, section, place, command):
    real = RECORDED[section][place]
    assert real['command'] == command['run'], 'the commands have changed: record.py'
    found = [difference for difference in normal.differences(real, answers[section, place])
             if not any(excuses(exception, command['run'], difference) for exception in EXCEPTIONS)]
    assert not found, '\n'.join(found)


def test_exceptions_are_few_and_needed_and_have_reasons(answers):
    assert len(EXCEPTIONS) <= MOST_EXCEPTIONS
    found = [(command['run'], difference) for section, place, command in TYPED
             for difference in normal.differences(RECORDED[section][place], answers[section, place])]
    for exception in EXCEPTIONS:
        assert exception['reason']
        needed = any(excuses(exception, command, difference) for command, difference in found)
        assert needed or exception.get('sometimes'), exception


def test_commands_are_many_and_of_all_kinds():
    commands = [command for _, _, command in TYPED]
    writing = {'create', 'set', 'unset', 'delete', 'add', 'remove', 'revert', 'stop', 'start', 'lock', 'unlock',
               'pause', 'unpause', 'reboot'}
    assert len(commands) >= 60
    assert sum(bool(writing & set(command['run'].split()[:4])) for command in commands) >= 25
    assert sum(command.get('code', 0) != 0 for command in commands) >= 10
