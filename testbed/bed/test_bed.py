"""What of the bed can be tried without a bed. Standard library only:

    python3 -m unittest bed.test_bed        (in testbed/)
"""
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from . import description, fleet
from .processes import Program, stop
from .settings import HIGHEST_PORT, SERVICES, Settings
from .waiting import BedError, wait_for


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name).resolve()

    def program(self, code, name='one'):
        program = Program(name, [sys.executable, '-c', code], self.work)
        self.addCleanup(stop, [program])
        return program


class Ports(InAFolder):
    def ports(self, settings):
        urls = [settings.proxy_admin]
        for site in settings.sites:
            urls += [settings.service(site, s, way) for s in SERVICES for way in (False, True)]
            urls += [settings.array_address(site, w) for w in ('direct', 'proxied', 'expired')]
        return [settings.database_port, settings.queue_port, *settings.erlang_ports,
                *(int(u.rpartition(':')[2]) for u in urls)]

    def test_no_two_programs_share_a_port(self):
        ports = self.ports(Settings(self.work))
        self.assertEqual(len(set(ports)), len(ports))

    def test_a_base_port_that_leaves_no_room_is_refused(self):
        self.assertLessEqual(max(self.ports(Settings(self.work, base_port=28000))), HIGHEST_PORT)
        with self.assertRaises(ValueError):
            self.ports(Settings(self.work, base_port=29000))

    def test_a_bed_keeps_its_settings(self):
        Settings.load(self.work, base_port=20000).save()
        self.assertEqual(Settings.load(self.work).base_port, 20000)
        self.assertEqual(Settings.load(self.work, base_port=21000).base_port, 21000)

    def test_everything_described_as_proxied_is_a_target_of_the_proxy(self):
        settings = Settings(self.work)
        description.write(settings)
        targets = {own for own, _, _ in fleet.proxy_targets(settings).values()}
        text = (self.work / 'bed.json').read_text()
        for site in settings.sites:
            for service in SERVICES:
                if service != 'placement':
                    origin = settings.service(site, service, True)
                    self.assertIn(origin, targets)
                    self.assertIn(origin, text)


class Arrays(InAFolder):
    def test_arrays_without_their_program_say_how_to_get_it(self):
        with self.assertRaises(BedError) as told:
            fleet.start_arrays(Settings(self.work, simulator=str(self.work / 'nothing')))
        self.assertIn('cargo build --package protector-sim', str(told.exception))

    def test_all_arrays_are_one_program_with_one_state_file(self):
        settings = Settings(self.work, simulator='sim')
        words = [str(w) for w in fleet.arrays(settings).command]
        self.assertEqual(words[:2], ['sim', 'arrays'])
        self.assertEqual(words.count('--array'), len(settings.sites))
        self.assertEqual(words[words.index('--state') + 1], str(settings.array_world))


class Programs(InAFolder):
    def test_a_program_is_started_once(self):
        program = self.program('import time; time.sleep(60)')
        program.start()
        first = program.pid()
        program.start()
        self.assertEqual(program.pid(), first)
        stop([program])
        self.assertEqual(program.pid(), 0)

    def test_a_number_that_another_process_has_now_is_not_ours(self):
        program = self.program('import time; time.sleep(60)')
        program.start()
        stranger = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.stdin.close)
        self.addCleanup(stranger.kill)
        file = self.work / 'run/one.pid'
        pid, started = file.read_text().split()
        file.write_text(f'{stranger.pid} {int(started) - 1}')
        self.assertEqual(program.pid(), 0)
        stop([program])
        self.assertIsNone(stranger.poll())
        file.write_text(f'{pid} {started}')

    def test_waiting_ends_with_the_last_words_of_a_program_that_died(self):
        program = self.program('import sys; sys.exit("no such database")')
        program.start()
        began = time.monotonic()
        with self.assertRaises(BedError) as told:
            wait_for('the service', lambda: False, 30, [program])
        self.assertLess(time.monotonic() - began, 10)
        self.assertIn('waited for the service, but one ended', str(told.exception))
        self.assertIn('no such database', str(told.exception))

    def test_waiting_ends_at_its_limit_with_the_reason(self):
        def refused():
            raise ConnectionRefusedError('refused')
        with self.assertRaises(BedError) as told:
            wait_for('the service', refused, 0.2)
        self.assertEqual(str(told.exception), 'waited 0.2 s for the service: refused')


if __name__ == '__main__':
    unittest.main()
