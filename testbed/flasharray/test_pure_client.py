"""The vendor's Python SDK against the simulated arrays, unmodified. Needs the bed's virtual
environment: DIR/venv/bin/python -m unittest flasharray.test_pure_client        (in testbed/)
"""
import pathlib
import subprocess
import tempfile
import time
import unittest

from .request_log import RequestLog
from .server import serve
from .world import World

try:
    from pypureclient import flasharray as sdk
except ImportError:
    sdk = None

GIB = 1 << 30


@unittest.skipUnless(sdk, 'py-pure-client is not installed')
class PureClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        certificate, key = (str(pathlib.Path(folder.name) / n) for n in ('c.pem', 'k.pem'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                        '-subj', '/CN=127.0.0.1', '-keyout', key, '-out', certificate],
                       check=True, capture_output=True)
        world = World([('array-a', 0, 'token-a'), ('array-b', 0, 'token-b')])
        world.settings.change({'transfer_base': 0.1, 'page_size': 3})
        cls.clients = []
        for server in serve(world, RequestLog(), certificate, key, 0.01):
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)
            cls.clients.append(sdk.Client(
                target=f'127.0.0.1:{server.server_address[1]}', api_token=server.array.token,
                verify_ssl=False))

    def setUp(self):
        self.a, self.b = self.clients

    def items(self, answer):
        self.assertEqual(answer.status_code, 200, getattr(answer, 'errors', None))
        return list(answer.items)

    def test_the_newest_shared_version_is_spoken(self):
        self.assertEqual(self.a.get_rest_version(), '2.36')

    def test_lists_are_read_over_all_pages(self):
        for n in range(8):
            self.items(self.a.post_volumes(names=[f'page-{n}'],
                                           volume=sdk.VolumePost(provisioned=GIB)))
        found = self.items(self.a.get_volumes(filter="name='page-*'"))
        self.assertEqual([v.name for v in found], [f'page-{n}' for n in range(8)])

    def test_a_refusal_is_an_error_answer_with_its_sentence(self):
        answer = self.a.get_volumes(names=['nobody'])
        self.assertEqual(answer.status_code, 400)
        self.assertEqual((answer.errors[0].context, answer.errors[0].message),
                         ('nobody', 'Volume does not exist.'))

    def test_a_group_is_replicated_and_restored(self):
        a, b = self.a, self.b
        self.items(a.post_volumes(names=['v1'], volume=sdk.VolumePost(provisioned=GIB)))
        self.items(a.post_protection_groups(names=['g']))
        self.items(a.post_protection_groups_volumes(group_names=['g'], member_names=['v1']))
        self.items(a.post_protection_groups_targets(group_names=['g'], member_names=['array-b']))
        self.items(b.patch_protection_groups_targets(
            group_names=['array-a:g'], target=sdk.TargetProtectionGroupPostPatch(allowed=True)))
        self.assertTrue(self.items(a.get_protection_groups_targets(group_names=['g']))[0].allowed)
        self.items(a.post_protection_group_snapshots(
            source_names=['g'], replicate_now=True,
            protection_group_snapshot=sdk.ProtectionGroupSnapshot(suffix='point')))
        end = time.monotonic() + 5
        while not (done := self.items(b.get_protection_group_snapshots_transfer(
                names=['array-a:g'], destroyed=False, filter='progress="1.0"',
                sort=['started-']))):
            self.assertLess(time.monotonic(), end)
        self.assertEqual(done[0].name, 'array-a:g.point')
        made = self.items(b.post_volumes(names=['v1'], overwrite=True, volume=sdk.VolumePost(
            source=sdk.Reference(name='array-a:g.point.v1'))))[0]
        self.assertEqual((made.source.name, made.provisioned), ('array-a:v1', GIB))


if __name__ == '__main__':
    unittest.main()
