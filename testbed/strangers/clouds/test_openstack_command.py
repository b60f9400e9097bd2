"""People's `openstack` command on a simulated site: all that commands.yaml has ends as it says there."""
import json

import pytest

import cloud
import session

TYPED = [(section, place, command) for section, commands in session.sections().items()
         for place, command in enumerate(commands)]


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


@pytest.mark.parametrize(('section', 'place', 'command'), TYPED,
                         ids=[f"{section}-{place}-{command['run'][:60]}" for section, place, command in TYPED])
def test_command_ends_as_expected(answers, section, place, command):
    answer = answers[section, place]
    assert answer.get('code') == command.get('code', 0), json.dumps(answer, indent=1)


def test_commands_are_many_and_of_all_kinds():
    commands = [command for _, _, command in TYPED]
    writing = {'create', 'set', 'unset', 'delete', 'add', 'remove', 'revert', 'stop', 'start', 'lock', 'unlock',
               'pause', 'unpause', 'reboot'}
    assert len(commands) >= 60
    assert sum(bool(writing & set(command['run'].split()[:4])) for command in commands) >= 25
    assert sum(command.get('code', 0) != 0 for command in commands) >= 10
