"""All arrays of one process, the time that passes for them, and the state file."""
import json
import os
import threading
import time
from dataclasses import asdict, dataclass, fields

from . import eradication, pods, schedule
from .array import Array
from .refusal import Refused
from .transfer import Transfers

FORMAT = 2
_AGE_CHECK = 5.0            # seconds


@dataclass
class Settings:
    """Seconds, unless said otherwise; changed with POST /_settings."""
    transfer_base: float = 0.6              # what every transfer takes
    transfer_per_extent: float = 0.02       # and each changed extent
    schedule_interval: float = 10.0         # stands for every frequency of a schedule
    schedule_keep: int = 3                  # scheduled points kept on each array
    eradication_delay: float = 86400.0
    for_replication_life: float = 3600.0
    page_size: int = 1000                   # items
    session_idle: float = 1800.0

    def change(self, wanted):
        known = {f.name: f.type for f in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise Refused(f"Unknown setting '{name}'.", ', '.join(known))
            try:
                value = known[name](value)
            except (TypeError, ValueError):
                raise Refused(f"'{name}' is not a number.", str(value)) from None
            if value < 0:
                raise Refused(f"'{name}' is negative.", str(value))
            setattr(self, name, value)


class World:
    """Everything is done with its `lock` held."""

    def __init__(self, specs, state_file=None, now=time.time):
        """`specs`: (name, port, token) of each array; `now` gives the seconds since the epoch."""
        self.now = now
        self.lock = threading.Condition(threading.RLock())
        self.settings, self.transfers = Settings(), Transfers(self)
        self.arrays = {name: Array(self, name, port, token) for name, port, token in specs}
        self.state_file = state_file
        self._load()
        self._clock, self._ages_checked = now(), 0.0

    def dump(self):
        return {'format': FORMAT, 'settings': asdict(self.settings),
                'transfers': self.transfers.under_way,
                'arrays': {n: a.dump() for n, a in self.arrays.items()}}

    def save(self):
        if self.state_file:
            temporary = f'{self.state_file}.new'
            with open(temporary, 'w', encoding='utf-8') as f:
                json.dump(self.dump(), f)
            os.replace(temporary, self.state_file)

    def _load(self):
        if not self.state_file or not os.path.exists(self.state_file):
            return
        with open(self.state_file, encoding='utf-8') as f:
            state = json.load(f)
        if state.get('format') != FORMAT:
            os.replace(self.state_file, f'{self.state_file}.unreadable')
            return
        self.settings = Settings(**state['settings'])
        for name, dumped in state['arrays'].items():
            if name in self.arrays:
                self.arrays[name].load(dumped)
        self.transfers = Transfers(self, [
            t for t in state['transfers']
            if t['source'] in self.arrays and t['target'] in self.arrays])
        for array in self.arrays.values():
            pods.mirror(array)

    def advance(self):
        """Lets the time pass that has passed since the last call."""
        now = self.now()
        happened = self.transfers.advance(max(0.0, now - self._clock))
        self._clock = now
        if schedule.run(self, now):
            self.transfers.advance(0.0)
            happened = True
        if happened:
            schedule.keep_newest(self)
        if now - self._ages_checked > _AGE_CHECK:
            self._ages_checked = now
            happened |= eradication.purge_by_age(self, now)
        if happened:
            self.save()

    def changed(self):
        """After a request that changed something: what can start does so at once."""
        schedule.run(self, self.now())
        self.transfers.advance(0.0)
        self.save()
        self.lock.notify_all()

    def run_clock(self):
        """Advances when the next thing is due, not only when somebody asks; never returns."""
        with self.lock:
            while True:
                self.advance()
                waits = [self.transfers.next_event(), schedule.next_due(self, self.now()),
                         _AGE_CHECK]
                self.lock.wait(min(w for w in waits if w is not None) + 0.01)
