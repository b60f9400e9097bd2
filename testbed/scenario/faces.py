"""The faces of the program, each driven as its users do: the `protector` command, `openstack protector`, Ansible playbooks,
and a script for asyncio. All work with the configuration, and so on the stores, of one `Program`."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
# What an operation is called where it is a command.
VERBS = {'protect': 'create', 'unprotect': 'delete'}
MODULES = 'protector.site_recovery'


class Done:
    """What a face said of an operation and of its group, as `Journey` reads a run of the program."""

    def __init__(self, result, operation, group, **more):
        self.operation, self.group = operation, group or {}
        self.plan_hash, self.events, self.beats = (more.get(name) for name in ('plan_hash', 'events', 'beats'))
        self.seconds, self.stderr, self.told = result.seconds, result.stderr, result.told


class Face:
    """`run` brings a group to where an operation leads, `plan` gives its plan's hash and touches nothing. Both take what
    the operation is told in Python's words: `unplanned=True`."""

    def __init__(self, program, group):
        self.program, self.group = program, group

    def drive(self, **told):
        """As `Journey` drives an operation: with its name and the group's. `told`: of a new group, which the program would
        be told in its own words."""
        return lambda operation, *_: self.run(operation, **told)

    def launch(self, command, arguments, environment=(), expect=0):
        return self.program.ended(self.program.launch(command, arguments, environment), expect)


class Commands(Face):
    """What the two command lines have in common."""

    def words(self, operation, told):
        """The command's own words: a list is an option that is given more than once."""
        words = [VERBS.get(operation, operation).replace('_', '-'), self.group]
        for name, value in told.items():
            option = f'--{name.removesuffix("s").replace("_", "-")}' if isinstance(value, list) \
                else f'--{name.replace("_", "-")}'
            for one in value if isinstance(value, list) else [value]:
                words += [option] if one is True else [option, str(one)]
        return words


class Protector(Commands):
    """The `protector` command."""

    def plan(self, operation, **told):
        document = self.program.command('plan', 'show', *self.words(operation, told)).document
        return document['plan']['hash']

    def run(self, operation, expect=0, **told):
        result = self.program.command('protection-group', *self.words(operation, told), '--confirm', self.group,
                                      expect=expect)
        return Done(result, result.operation, result.group)

    def shown(self):
        """The newest operation of the group."""
        return self.program.command('operation', 'show', '--group', self.group).document

    def planned_hash(self, operation):
        return self.program.command('operation', 'report', operation['id']).document['plan_hash']


class Openstack(Commands):
    """`openstack protector`, of the environment whose Python this is."""

    def __init__(self, program, group, python):
        super().__init__(program, group)
        self._command = str(python.parent / 'openstack')

    def ask(self, *words, expect=0):
        return self.launch([self._command, 'protector', *words, '-f', 'json'], ['openstack', *words],
                           {'PROTECTOR_CONFIG': str(self.program.configuration.protector_file)}, expect)

    def plan(self, operation, **told):
        return self.ask('plan', 'show', *self.words(operation, told)).document['hash']

    def run(self, operation, expect=0, **told):
        result = self.ask('protection-group', *self.words(operation, told), '--confirm', self.group, expect=expect)
        if expect or operation == 'unprotect':
            return Done(result, result.document, None)
        return Done(result, result.document, self.ask('protection-group', 'show', self.group, '--long').document)

    def shown(self):
        """The newest operation of the group."""
        return self.ask('operation', 'show', '--group', self.group).document

    def planned_hash(self, operation):
        """The hash that the operation's report tells beside its table."""
        return self.ask('operation', 'report', operation['id']).stderr.split('plan ')[1].split()[0]


class Playbooks(Face):
    """Playbooks of one task, with the collection of a folder and Ansible of the environment whose Python this is."""

    def __init__(self, program, group, python, collections):
        super().__init__(program, group)
        self._python, self._collections = python, collections

    def task(self, module, check=False, **arguments):
        """Runs the task with --diff; gives what it registered beside how the playbook ended."""
        folder, configuration = self.program.directory, self.program.configuration
        kept, book = folder / 'registered.json', folder / 'playbook.yml'
        where = {'config': str(configuration.protector_file), 'clouds': str(configuration.clouds_file)}
        book.write_text(json.dumps([{
            'hosts': 'localhost', 'gather_facts': False,
            'module_defaults': {f'group/{MODULES}.protector': where},
            'tasks': [
                {'name': f'{module} of {self.group}', f'{MODULES}.{module}': arguments, 'register': 'registered'},
                # Also of what is only looked at; of the task itself nothing is taken away or added.
                {'name': 'Keep what it said', 'check_mode': False, 'diff': False,
                 'ansible.builtin.copy': {'content': '{{ registered | to_json }}', 'dest': str(kept), 'mode': '0600'}}],
        }]), encoding='utf-8')
        kept.unlink(missing_ok=True)
        command = [str(self._python.parent / 'ansible-playbook'), '--inventory', 'localhost,', '--connection', 'local',
                   '--diff', *(['--check'] if check else []), str(book)]
        result = self.launch(command, ['ansible-playbook', module, *(['--check'] if check else [])], {
            'HOME': str(folder), 'ANSIBLE_COLLECTIONS_PATH': str(self._collections), 'ANSIBLE_NOCOLOR': '1',
            'ANSIBLE_LOCALHOST_WARNING': 'false', 'ANSIBLE_PYTHON_INTERPRETER': str(self._python)})
        return result, json.loads(kept.read_text(encoding='utf-8'))

    def _wanted(self, operation, told):
        """The module that leads where an operation does, and its arguments."""
        if operation in VERBS:
            state = {'protect': {}, 'unprotect': {'state': 'absent', 'confirm': self.group}}[operation]
            return 'protection_group', {'name': self.group, **told, **state}
        return 'dr_operation', {'protection_group': self.group, 'operation': operation, 'confirm': self.group, **told}

    def checked(self, operation, **told):
        """What check mode returns."""
        module, arguments = self._wanted(operation, told)
        return self.task(module, check=True, **arguments)[1]

    def plan(self, operation, **told):
        return self.checked(operation, **told)['plan_hash']

    def run(self, operation, **told):
        module, arguments = self._wanted(operation, told)
        result, said = self.task(module, **arguments)
        assert said['changed'], result.told()
        return Done(result, said['operation'], said['group'], plan_hash=said['plan_hash'])

    def again(self, operation, **told):
        """The same task when its target is reached: what it says of the group."""
        module, arguments = self._wanted(operation, told)
        result, said = self.task(module, **arguments)
        assert (said['changed'], said['operation'], said['plan']) == (False, None, None), result.told()
        return said['group']

    def shown(self):
        """The newest operation of the group."""
        return self.task('dr_operation_info', protection_group=self.group)[1]['operations'][-1]


class Script(Face):
    """`script.py`, which awaits the package, with the Python of an environment."""

    def __init__(self, program, group, python):
        super().__init__(program, group)
        self._python = str(python)

    def _lines(self, what, operation, told):
        configuration = self.program.configuration
        asked = {'config': str(configuration.protector_file), 'clouds': str(configuration.clouds_file), 'what': what,
                 'operation': operation, 'group': self.group, 'told': told}
        result = self.launch([self._python, '-W', 'error', str(HERE / 'script.py'), json.dumps(asked)],
                             ['script', what, operation])
        return result, [json.loads(line) for line in result.stdout.splitlines()]

    def plan(self, operation, **told):
        return self._lines('plan', operation, told)[1][0]['plan_hash']

    def run(self, operation, **told):
        result, (*events, said) = self._lines('run', operation, told)
        outcome = said['outcome']
        return Done(result, outcome['operation'], outcome['group'], plan_hash=said['plan_hash'], beats=said['beats'],
                    events=events)

    def shown(self):
        """The newest operation of the group."""
        return self._lines('show', '', {})[1][0]
