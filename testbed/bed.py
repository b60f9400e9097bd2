#!/usr/bin/env python3
"""The testbed's entry: two real OpenStack sites on this machine. See README.md.

    bed.py [--work DIR] up | down | status | check | restart NAME... | clean
"""
import argparse
import contextlib
import fcntl
import pathlib
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bed import (check, configuration, databases, description, fleet, identity, infrastructure,
                 packages, processes)
from bed.settings import Settings, default_work
from bed.waiting import BedError

_LAYOUT = 2             # raise it when databases or users of existing beds are no longer right
_KEPT = ('venv', 'cache', 'settings.json', 'settings.lock')


class Report:
    """Progress lines with the seconds since the beginning."""

    def __init__(self):
        self._began = time.monotonic()

    def __call__(self, text):
        print(f'[{time.monotonic() - self._began:5.1f} s] {text}', flush=True)


def _fingerprint():
    return f'{_LAYOUT} {packages.lock_fingerprint()}\n'


def _is_prepared(settings):
    marker = settings.work / 'prepared'
    return marker.exists() and marker.read_text() == _fingerprint()


def _prepare(settings, say):
    """Databases, users and catalogs, in a bed that has none or outdated ones."""
    processes.stop([p for p in fleet.programs(settings) if p.stage])
    for beside in ('', '-wal', '-shm'):
        pathlib.Path(f'{settings.array_world}{beside}').unlink(missing_ok=True)
    databases.prepare(settings, say)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda s: identity.create_administrator(settings, s), settings.sites))
    fleet.start_keystone(settings)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda s: identity.create_users_and_catalog(settings, s), settings.sites))
    (settings.work / 'prepared').write_text(_fingerprint())
    say('users and catalogs are made')


def up(settings, say):
    """Sets up what is missing, starts what does not run, waits until all of it is of use."""
    with ThreadPoolExecutor() as pool:
        debian = pool.submit(packages.install_debian, settings)
        environment = pool.submit(packages.make_environment, settings)
        debian.result()
        environment.result()
    say('packages are there')
    configuration.configure(settings)
    description.write(settings)
    with ThreadPoolExecutor() as pool:          # byte code on the side: most of it is waiting
        compiled = pool.submit(packages.compile_environment, settings)
        infrastructure.start(settings)
        say('MariaDB and RabbitMQ listen')
        if not _is_prepared(settings):
            _prepare(settings, say)
        compiled.result()
    fleet.start(settings, say)


def down(settings, say):
    """Stops what this bed has started. What it holds stays."""
    processes.stop(fleet.programs(settings))
    infrastructure.stop_port_mapper(settings)
    say('stopped')


def clean(settings, say):
    """Stops the bed and removes what it holds; the virtual environment and the cache stay."""
    down(settings, say)
    for path in settings.work.iterdir():
        if path.name not in _KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    say(f'emptied {settings.work}')


def restart(settings, say, names):
    """Stops the programs whose names contain one of `names`, writes their configuration anew and
    brings the bed up again."""
    chosen = [p for p in fleet.programs(settings) if any(n in p.name for n in names)]
    if not chosen:
        raise BedError(f'no program is named like {" or ".join(names)}; `status` lists them')
    processes.stop(chosen)
    configuration.configure(settings)
    description.write(settings)
    infrastructure.start(settings)
    fleet.start(settings, say)


def status(settings):
    """A table of all programs; whether all of them run."""
    programs = fleet.programs(settings)
    memory = processes.memory(programs)
    print(f'{"program":26} {"pid":>7} {"processes":>9} {"RSS MiB":>8} {"PSS MiB":>8}')
    for program in programs:
        count, resident, proportional = memory[program.name]
        print(f'{program.name:26} {program.pid() or "dead":>7} {count:9} {resident:8.0f} '
              f'{proportional:8.0f}')
    print(f'{"all":26} {"":7} {sum(m[0] for m in memory.values()):9} {"":8} '
          f'{sum(m[2] for m in memory.values()):8.0f}')
    return all(p.pid() for p in programs)


@contextlib.contextmanager
def _alone(settings):
    """Holds off others that would change the same bed."""
    settings.work.mkdir(parents=True, exist_ok=True)
    with open(settings.work / 'settings.lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _arguments():
    parser = argparse.ArgumentParser(description='Two real OpenStack sites on this machine.')
    parser.add_argument('--work', default=default_work(), metavar='DIR',
                        help='the folder of the bed (PROTECTOR_TESTBED_DIR; %(default)s)')
    parser.add_argument('--simulator', type=pathlib.Path, metavar='FILE',
                        help='the program that simulates the arrays, protector-sim; kept')
    commands = parser.add_subparsers(dest='command', required=True)
    first = commands.add_parser('up', help='set up and start; quick when that is done')
    first.add_argument('--base-port', type=int, help='moves all ports (15000); kept')
    first.add_argument('--replication', choices=('async', 'sync'),
                       help="type of Cinder's replication_device (async); kept")
    first.add_argument('--debug', action='store_true', default=None,
                       help='services log at level debug; kept')
    commands.add_parser('down', help='stop; everything is kept')
    commands.add_parser('status', help='what runs; exit code 1 if something does not')
    commands.add_parser('check', help='a server with a volume on each site')
    again = commands.add_parser('restart', help='restart programs and wait until all is ready')
    again.add_argument('names', nargs='+', metavar='NAME', help='part of a name, e.g. flasharrays')
    commands.add_parser('clean', help='stop and forget everything but what was downloaded')
    return parser.parse_args()


def main():
    arguments = _arguments()
    say = Report()
    try:
        settings = Settings.load(
            arguments.work, **{k: getattr(arguments, k, None)
                               for k in ('base_port', 'replication', 'debug')},
            simulator=arguments.simulator and str(arguments.simulator.resolve()))
        if arguments.command == 'status':
            return 0 if status(settings) else 1
        if arguments.command == 'check':
            check.check(settings, say)
            return 0
        with _alone(settings):
            if arguments.command == 'restart':
                restart(settings, say, arguments.names)
            else:
                {'up': up, 'down': down, 'clean': clean}[arguments.command](settings, say)
    except (BedError, OSError, ValueError) as error:
        print(f'testbed: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
