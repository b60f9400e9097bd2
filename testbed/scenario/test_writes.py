"""The proof that nothing was written is itself tested: on made-up logs it sees every writing request of its time,
from whichever record, and takes none for one that was asked before, or that the services make themselves."""
import json
import time
from types import SimpleNamespace

import pytest

import waiting
from writes import Watch

HOUR = 3_600_000


class Record:
    """A proxy or an array that remembers what the test says that it was asked."""

    def __init__(self):
        self.asked = []

    def ask(self, method, path, **more):
        self.asked.append({'method': method, 'path': path, 'forwarded': True,
                           'target': 'here/compute', **more})

    def mark(self):
        return len(self.asked)

    last_request = mark

    def requests(self, since):
        return self.asked[since:]

    def target(self, site, service):
        return f'{site}/{service}'


@pytest.fixture()
def scene(tmp_path):
    log = tmp_path / 'access.log'
    log.touch()

    def write(method, uri, at=None, end='\n'):
        line = {'time': at or time.time() * 1000, 'method': method, 'uri': uri}
        with open(log, 'a', encoding='utf-8') as f:
            f.write(json.dumps(line) + end)
    site = SimpleNamespace(name='here', access_logs={'compute': str(log)},
                           proxied={'compute': 'http://proxy'})
    array, proxy = Record(), Record()
    bed = SimpleNamespace(sites={'here': site}, arrays={'array': array})
    return SimpleNamespace(bed=bed, proxy=proxy, array=array, log=log, write=write)


def test_a_write_is_seen_in_each_of_the_records(scene):
    watch = Watch(scene.bed, scene.proxy)
    assert watch.writing() == []
    scene.write('POST', '/v2.1/servers?x=1')
    scene.array.ask('PATCH', '/api/2.26/volumes')
    scene.proxy.ask('DELETE', '/v2.1/servers/1')
    assert watch.writing() == ['here: compute: POST /v2.1/servers',
                               'array: PATCH /api/2.26/volumes',
                               'proxy: here/compute: DELETE /v2.1/servers/1']


def test_reads_and_signing_in_are_no_writes(scene):
    watch = Watch(scene.bed, scene.proxy)
    scene.write('GET', '/v2.1/servers')
    scene.write('POST', '/v3/auth/tokens')
    scene.array.ask('POST', '/api/2.26/login')
    assert watch.writing() == []
    assert watch.reads() == 2


def test_what_was_asked_before_is_not_taken_for_a_write_when_its_line_comes_later(scene):
    scene.write('POST', '/v2.1/servers')
    watch = Watch(scene.bed, scene.proxy)
    scene.write('DELETE', '/v2.1/flavors/1', at=time.time() * 1000 - HOUR)
    assert watch.writing() == []


def test_what_a_service_tells_nova_is_a_write_only_if_it_passed_the_proxy(scene):
    watch = Watch(scene.bed, scene.proxy)
    scene.write('POST', '/v2.1/os-server-external-events')
    assert watch.writing() == []
    scene.proxy.ask('POST', '/v2.1/os-server-external-events')
    assert len(watch.writing()) == 1


def test_it_waits_for_the_line_of_every_request_that_the_proxy_let_pass(scene, monkeypatch):
    watch = Watch(scene.bed, scene.proxy)
    scene.proxy.ask('GET', '/v2.1/servers?limit=1')
    scene.proxy.ask('GET', '/v2.1/servers?limit=2')
    scene.proxy.ask('POST', '/v2.1/servers', forwarded=False)
    scene.write('GET', '/v2.1/servers?limit=1')
    late = [lambda: scene.write('GET', '/v2.1/servers?limit=2', end=''),
            lambda: scene.log.open('a').write('\n')]
    monkeypatch.setattr(waiting.time, 'sleep', lambda _: late.pop(0)())
    watch.settle()
    assert late and watch.reads() == 2, 'a line counts as soon as it is whole'


def test_a_line_that_never_comes_is_told(scene, monkeypatch):
    watch = Watch(scene.bed, scene.proxy)
    scene.proxy.ask('GET', '/v2.1/flavors')
    clock = iter(range(0, 1000, 15))
    monkeypatch.setattr(waiting.time, 'monotonic', lambda: next(clock))
    monkeypatch.setattr(waiting.time, 'sleep', lambda _: None)
    with pytest.raises(waiting.NotInTime, match='/v2.1/flavors'):
        watch.settle()
