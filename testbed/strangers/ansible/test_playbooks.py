"""The vendor's Ansible collection: each task of the playbooks twice, and the second time there is nothing to do.

A task whose module knows no such thing says in its variable `outcomes` what comes of it instead."""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

import pytest
import yaml
from pypureclient import flasharray as sdk

from arrays import connect

PLAYBOOKS = sorted(pathlib.Path(__file__).with_name('playbooks').glob('*.yml'))
PROGRAM = pathlib.Path(sys.executable).with_name('ansible-playbook')
HOSTS = ['host-1', 'host-2']
GROUP = 'web'


def tasks(playbook):
    return [task for play in yaml.safe_load(playbook.read_text()) for task in play['tasks']]


TASKS = [(playbook.stem, task['name'], task.get('vars', {}).get('outcomes', ['changed', 'ok']))
         for playbook in PLAYBOOKS for task in tasks(playbook)]


@pytest.fixture(scope='module')
def results(pair, tmp_path_factory):
    """What came of the tasks of each playbook, by name. Playbooks share no objects and run side by side."""
    prepare(connect(pair, 'array-a'), connect(pair, 'array-b'))
    home = tmp_path_factory.mktemp('ansible')
    (home / 'ansible.cfg').touch()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        runs = {playbook.stem: workers.submit(run, pair, playbook, home) for playbook in PLAYBOOKS}
    return {name: result.result() for name, result in runs.items()}


def prepare(a, b):
    """What the collection cannot do: hosts need REST 2.38, and it lets no group of another array replicate to here."""
    allowed = sdk.TargetProtectionGroupPostPatch(allowed=True)
    for done in (
        a.post_hosts(names=HOSTS, host=sdk.HostPost()),
        a.post_protection_groups(names=[GROUP]),
        a.post_protection_groups_targets(group_names=[GROUP], member_names=['array-b']),
        b.patch_protection_groups_targets(group_names=[f'array-a:{GROUP}'], target=allowed),
    ):
        assert done.status_code == 200, done


def run(pair, playbook, home):
    own = {name: value for name, value in os.environ.items() if not name.startswith(('ANSIBLE_', 'PUREFA_'))}
    settings = {
        'ANSIBLE_HOME': home, 'ANSIBLE_LOCAL_TEMP': home, 'ANSIBLE_REMOTE_TEMP': home, 'ANSIBLE_CONFIG': home / 'ansible.cfg',
        'ANSIBLE_STDOUT_CALLBACK': 'ansible.posix.json', 'ANSIBLE_PIPELINING': 'true',
        'ANSIBLE_PYTHON_INTERPRETER': sys.executable, 'ANSIBLE_LOCALHOST_WARNING': 'false',
        'PUREFA_URL': pair.address('array-a'), 'PUREFA_API': pair.token('array-a'),
        'OTHER_URL': pair.address('array-b'), 'OTHER_API': pair.token('array-b'),
    }
    ended = subprocess.run([PROGRAM, '--connection', 'local', '--inventory', 'localhost,', playbook],
                           env=own | {name: str(value) for name, value in settings.items()},
                           capture_output=True, text=True)
    if not ended.stdout.startswith('{'):
        pytest.fail(f'{playbook.name}: {ended.stdout}{ended.stderr}', pytrace=False)
    return {task['task']['name']: task['hosts']['localhost']
            for play in json.loads(ended.stdout)['plays'] for task in play['tasks']}


def outcome(result):
    # One of a loop whose errors are ignored does not say that it failed, but why.
    failed = result.get('failed') or 'exception' in result
    return 'failed' if failed else 'changed' if result['changed'] else 'ok'


@pytest.mark.parametrize(('playbook', 'name', 'outcomes'), TASKS,
                         ids=[f'{playbook}: {name}' for playbook, name, _ in TASKS])
def test_a_task(results, playbook, name, outcomes):
    result = results[playbook][name]
    times = result.get('results', [result])
    told = [{field: one.get(field) for field in ('msg', 'exception', 'module_stderr')} for one in times]
    assert [outcome(one) for one in times] == outcomes, json.dumps(told, indent=1)


def test_most_tasks_have_nothing_to_do_the_second_time():
    assert sum(outcomes[1:] == ['ok'] for _, _, outcomes in TASKS) >= 60
