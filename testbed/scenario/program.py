"""Runs the program under test as an operator would: a process, its exit code, its JSON."""
import json
import os
import signal
import subprocess
import time

from traces import COMMAND, ENDED

DONE, USAGE, REFUSED, ROLLED_BACK, UNFINISHED = 0, 2, 3, 4, 5
LIMIT = 300.0


class Misbehaved(AssertionError):
    """The program ended otherwise than it had to."""


def protect_arguments(group, home, away, vms):
    chosen = [word for vm in vms for word in ('--vm', vm)]
    return ['protect', group, '--source', home, '--target', away, *chosen]


class Result:
    """What one run left: `code` (negative for a signal), `document`, `stderr`, `seconds`."""

    def __init__(self, arguments, code, stdout, stderr, seconds):
        self.arguments, self.code, self.seconds = arguments, code, seconds
        self.stdout, self.stderr = stdout, stderr
        self.document = None
        if stdout.strip():
            try:
                self.document = json.loads(stdout)
            except ValueError:
                pass

    def __str__(self):
        return f'`{" ".join(self.arguments)}` ended with {self.code} after {self.seconds:.1f} s'

    def told(self, limit=4000):
        """What the program said, for a failure's report."""
        return f'{self}\nstdout: {self.stdout[-limit:]}\nstderr: {self.stderr[-limit:]}'

    def findings(self, kind='findings'):
        """[(code, subject, site, message)], from a refusal's or an operation's document."""
        document = self.document or {}
        found = document.get(kind)
        if found is None:
            found = (document.get('error') or {}).get(kind) or []
        return [(f['code'], f.get('subject'), f.get('site'), f['message']) for f in found]

    @property
    def operation(self):
        return (self.document or {}).get('operation') or {}

    @property
    def group(self):
        return (self.document or {}).get('group') or {}

    @property
    def error(self):
        return (self.document or {}).get('error') or {}


class Running:
    """A run that has not ended yet."""

    def __init__(self, program, arguments, process, files):
        self.program, self.arguments, self.process = program, arguments, process
        self._files, self._started = files, time.monotonic()

    @property
    def pid(self):
        return self.process.pid

    def ended(self):
        return self.process.poll() is not None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)

    def result(self, limit=LIMIT):
        """Waits for the end; a run over its limit is killed and is a failure."""
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait(30)
            self.program.remember(self._read(None))
            raise Misbehaved(f'{self._read(None)}\nnot ended within {limit:g} s') from None
        result = self._read(code)
        if self.arguments[0] != 'status':
            self.program.faults.mark(f'{ENDED}{code}')
        self.program.remember(result)
        said = [name for name, secret in self.program.configuration.secrets().items()
                if secret in result.stdout + result.stderr]
        if said:
            raise Misbehaved(f'{result} and told a secret: {", ".join(said)}')
        return result

    def _read(self, code):
        texts = []
        for path in self._files:
            with open(path, 'rb') as f:
                texts.append(f.read().decode(errors='replace'))
        return Result(self.arguments, code, *texts, time.monotonic() - self._started)


class Program:
    """The binary with one configuration. Every process that it starts is the fault proxy's
    victim: a rule that kills, kills it."""

    def __init__(self, binary, configuration, faults, directory=None, command=None):
        self.binary, self.configuration, self.faults = str(binary), configuration, faults
        self.command_binary = str(command or binary)
        self.directory = directory or configuration.directory
        self.history, self._count, self._running = [], 0, []

    def remember(self, result):
        self.history.append(result)

    def environment(self):
        inherited = {k: os.environ[k] for k in ('PATH', 'HOME', 'LANG') if k in os.environ}
        return {**inherited, 'OS_CLIENT_CONFIG_FILE': str(self.configuration.clouds_file),
                'RUST_BACKTRACE': '1', **self.configuration.environment}

    def start(self, *arguments, output='json', binary=None):
        """Starts the program and returns at once."""
        return self.launch([binary or self.binary, '--config', str(self.configuration.protector_file),
                            '--output', output, *arguments], arguments)

    def launch(self, command, arguments, environment=()):
        """Starts a command line with this configuration; `arguments` is what it is called, its first word in the record."""
        self._count += 1
        paths = [self.directory / f'run-{self._count:03}.{part}' for part in ('stdout', 'stderr')]
        if arguments[0] != 'status':            # which asks the stores alone, also while another runs
            self.faults.mark(f'{COMMAND}{arguments[0]}')
        with open(paths[0], 'wb') as stdout, open(paths[1], 'wb') as stderr:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                       env={**self.environment(), **dict(environment)}, cwd=self.directory)
        self.faults.victim(process.pid)
        self._running = [r for r in self._running if not r.ended()]
        self._running.append(Running(self, arguments, process, paths))
        return self._running[-1]

    def leave_nothing_running(self):
        """Kills what a failed test left running."""
        for running in self._running:
            if not running.ended():
                running.kill()
                running.process.wait(30)

    def run(self, *arguments, expect=DONE, limit=LIMIT, output='json'):
        """Runs to the end; `expect` is the exit code it has to have (None: any)."""
        return self.ended(self.start(*arguments, output=output), expect, limit)

    def command(self, *arguments, expect=DONE, limit=LIMIT):
        """The same with the command of the same configuration, `protector`."""
        return self.ended(self.start(*arguments, binary=self.command_binary), expect, limit)

    @staticmethod
    def ended(running, expect=DONE, limit=LIMIT):
        """Waits for the end of what was started."""
        result = running.result(limit)
        if expect is not None and result.code != expect:
            raise Misbehaved(f'{result.told()}\nexpected exit code {expect}')
        return result

    def status(self, group=None):
        """The document of `status`."""
        result = self.run('status', *([group] if group else []))
        if not isinstance(result.document, dict):
            raise Misbehaved(f'{result.told()}\nstatus gave no JSON document')
        return result.document

    def group(self, name):
        return next(g for g in self.status(name)['groups'] if g['name'] == name)

    def objects(self):
        """Everything that the journal knows to have been made."""
        return self.status()['objects']

    def unfinished(self):
        """The operations that are neither done nor given up, as another process sees them."""
        return [o for o in self.status()['operations']
                if o['status'] in ('pending', 'running', 'waiting', 'paused', 'rolling_back')]
