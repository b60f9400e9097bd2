"""What a bed needs from outside: Debian packages and a virtual environment."""
import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

from .processes import run
from .settings import TESTBED
from .waiting import BedError

LOCK = TESTBED / 'requirements.lock'
_DEBIAN = ('rabbitmq-server', 'mariadb-server', 'open-iscsi', 'qemu-utils', 'openssl')
_POLICY = pathlib.Path('/usr/sbin/policy-rc.d')
# what no server imports at its start: the vendor SDK's many API versions, other arrays' drivers, ...
_NOT_COMPILED = ('/tests/|/pypureclient/(flashblade|pure1|flasharray/(FA_|_common))'
                 '|/cinder/volume/drivers/(?!pure|san)'
                 '|/(networkx|numpy|pygments|setuptools|_pytest|os_ken)/')


def lock_fingerprint():
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]


def _installed(package):
    told = subprocess.run(['dpkg-query', '-W', '-f', '${Status}', package], check=False,
                          capture_output=True, text=True).stdout
    return told.endswith('install ok installed')


def _missing():
    """Debian packages that are not there; a compiler only if uwsgi has to be built."""
    missing = [p for p in _DEBIAN if not _installed(p)]
    if not shutil.which('cc'):
        missing.append('build-essential')
    if not (pathlib.Path(sysconfig.get_path('include')) / 'Python.h').exists():
        missing.append('python3-dev')
    if not _uv() and subprocess.run([sys.executable, '-c', 'import ensurepip'], check=False,
                                    capture_output=True).returncode:
        missing.append('python3-venv')
    return missing


@contextlib.contextmanager
def _no_service_starts():
    """Debian starts what it installs, listening on every address: not while we install."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text('#!/bin/sh\nexit 101\n')
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def install_debian(settings):
    """Installs the packages that are missing."""
    if not shutil.which('dpkg-query'):
        raise BedError('the testbed needs Debian 12 (no dpkg-query here)')
    missing = _missing()
    if not missing:
        return
    if os.geteuid():
        raise BedError(f'run this as root, or install: {" ".join(missing)}')
    log, quiet = settings.log('apt'), {'DEBIAN_FRONTEND': 'noninteractive'}
    run(['apt-get', 'update', '-q'], log, quiet)
    with _no_service_starts():
        run(['apt-get', 'install', '-y', '-q', '--no-install-recommends',
             '-o', 'Dpkg::Options::=--force-unsafe-io', *missing], log, quiet)


def _uv():
    """The command that runs uv, or None."""
    if shutil.which('uv'):
        return ['uv']
    found = subprocess.run([sys.executable, '-m', 'uv', '--version'], check=False,
                           capture_output=True)
    return [sys.executable, '-m', 'uv'] if not found.returncode else None


def _uv_of_our_own(settings):
    """uv in an environment of its own, so that the system's Python stays as it is."""
    home, log = settings.cache / 'uv', settings.log('venv')
    if not (home / 'bin/uv').exists():
        run([sys.executable, '-m', 'venv', home], log)
        run([home / 'bin/pip', 'install', '-q', 'uv'], log)
    return [home / 'bin/uv']


def make_environment(settings):
    """The virtual environment as the lock file says; nothing to do while that is unchanged."""
    marker, log = settings.venv / '.lock', settings.log('venv')
    if marker.exists() and marker.read_bytes() == LOCK.read_bytes():
        return
    uv = _uv() or _uv_of_our_own(settings)
    python = settings.venv / 'bin/python'
    if not python.exists():
        run([*uv, 'venv', '-q', '--clear', '--python', sys.executable, settings.venv], log)
    run([*uv, 'pip', 'sync', '-q', '--python', python, LOCK], log)
    (settings.venv / '.compiled').unlink(missing_ok=True)
    shutil.copy(LOCK, marker)


def compile_environment(settings):
    """Byte code once, instead of in the first start of every server."""
    marker = settings.venv / '.compiled'
    if not marker.exists():
        with open(settings.log('compile'), 'ab') as log:      # some files are not for this Python
            subprocess.run([settings.venv / 'bin/python', '-m', 'compileall', '-q', '-j', '2',
                            '-x', _NOT_COMPILED, settings.venv / 'lib'], check=False,
                           stdout=log, stderr=log)
        marker.touch()
