"""Processes of a bed: started in sessions of their own, known by pid files, stopped by pid.

A pid file holds the pid and the start time that the kernel gives: a number that another process has
got meanwhile is not taken for ours.
"""
import os
import pathlib
import signal
import subprocess
import time
from dataclasses import dataclass, field

from .settings import TESTBED
from .waiting import failure

_started_here = []      # kept, as Python warns of a process that it forgets while it runs


def environment(more=None):
    """What programs of the bed see: ours, with the bed's plugins, without a chosen cloud."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith('OS_')}
    return {**inherited, 'PYTHONPATH': str(TESTBED / 'plugins'), 'PYTHONWARNINGS': 'ignore',
            **(more or {})}


@dataclass
class Program:
    """A process that goes on; `work` is the bed's folder. Programs of stage 0 are stopped last."""
    name: str
    command: list
    work: pathlib.Path
    more: dict = field(default_factory=dict)        # environment
    stage: int = 1

    @property
    def log(self):
        return self.work / 'log' / f'{self.name}.log'

    @property
    def _file(self):
        return self.work / 'run' / f'{self.name}.pid'

    def pid(self):
        """The pid, or 0 when it does not run."""
        try:
            pid, started = self._file.read_text().split()
            return int(pid) if _started(int(pid)) == started else 0
        except (OSError, ValueError):
            return 0

    def start(self):
        """Starts it unless it runs."""
        if self.pid():
            return
        for folder in (self._file.parent, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with open(self.log, 'ab') as log:
            process = subprocess.Popen(
                [str(c) for c in self.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(self.more), cwd=self.work, start_new_session=True)
        _started_here.append(process)
        self._file.write_text(f'{process.pid} {_started(process.pid)}')

    def signal(self, number):
        if self.pid():
            os.kill(self.pid(), number)

    def kill_session(self):
        """The last resort: the whole group; it is its own leader, nothing else is in it."""
        if self.pid():
            os.killpg(self.pid(), signal.SIGKILL)

    def forget(self):
        self._file.unlink(missing_ok=True)


def _started(pid):
    """The start time of a living process, as the kernel counts it; '' for a dead one."""
    try:
        parts = pathlib.Path(f'/proc/{pid}/stat').read_text(errors='replace')
    except OSError:
        return ''
    parts = parts.rsplit(')', 1)[1].split()
    return '' if parts[0] in ('Z', 'X') else parts[19]


def stop(programs):
    """Asks all to end, those of stage 0 after the others are gone; kills what does not."""
    for stage in (1, 0):
        running = [p for p in programs if p.stage == stage and p.pid()]
        for program in running:
            program.signal(signal.SIGTERM)
        end = time.monotonic() + (15 if stage else 40)
        while any(p.pid() for p in running) and time.monotonic() < end:
            time.sleep(0.05)
        for program in running:
            program.kill_session()
            program.forget()
    for process in _started_here:       # children of ours that ended are not to stay as zombies
        process.poll()


def run(command, log, more=None, given=None, keep=False):
    """Runs a command to its end, its output going to `log` (or, with `keep`, its standard output
    coming back); a failure shows the log's last lines."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, 'ab') as out:
        done = subprocess.run([str(c) for c in command], stderr=out, input=given, check=False,
                              stdout=subprocess.PIPE if keep else out, env=environment(more),
                              stdin=subprocess.DEVNULL if given is None else None)
    if done.returncode:
        raise failure(f'{" ".join(map(str, command[:6]))} ended with {done.returncode}', [log])
    return done.stdout


def memory(programs):
    """{name: (number of processes, resident MiB, proportional MiB)}"""
    sessions = {}
    for folder in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            stat = (folder / 'stat').read_text(errors='replace').rsplit(')', 1)[1].split()
            told = (folder / 'smaps_rollup').read_text()
        except OSError:
            continue
        sizes = dict(line.split()[:2] for line in told.splitlines()[1:])
        sessions.setdefault(int(stat[3]), []).append((int(sizes['Rss:']), int(sizes['Pss:'])))
    found = {}
    for program in programs:
        mine = sessions.get(program.pid(), []) if program.pid() else []
        found[program.name] = (len(mine), sum(r for r, _ in mine) / 1024,
                               sum(p for _, p in mine) / 1024)
    return found
