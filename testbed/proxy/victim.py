"""The process under test, which a rule may kill."""
import os
import pathlib
import signal
import threading
import time

_DEATH = 10.0          # seconds


class NoVictim(RuntimeError):
    """A rule wants to kill and nobody said whom."""


class Victim:
    """Registered after it was started; forgotten when it is dead."""

    def __init__(self):
        self.pid, self._lock = None, threading.Lock()

    def register(self, pid):
        if not isinstance(pid, int) or pid <= 1 or pid in (os.getpid(), os.getppid()):
            raise ValueError('pid is not that of a process under test')
        self.pid = pid

    def chosen(self, pid=None):
        """The pid that a rule names, or the registered one."""
        pid = pid or self.pid
        if pid is None:
            raise NoVictim('no process is registered to be killed')
        return pid

    def kill(self, pid):
        """SIGKILL, and waits until it is dead."""
        with self._lock:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            end = time.monotonic() + _DEATH
            while _alive(pid) and time.monotonic() < end:
                time.sleep(0.005)
            if pid == self.pid:
                self.pid = None


def _alive(pid):
    try:
        status = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='ascii', errors='replace')
    except OSError:
        return False
    return status.rsplit(')', 1)[1].split()[0] not in ('Z', 'X')
