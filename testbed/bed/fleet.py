"""All programs of a bed, and the order in which they come up."""
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import identity, infrastructure
from .processes import Program
from .services import file
from .settings import SERVICES, TESTBED
from .waiting import BedError, wait_for

_SLOW = 300             # seconds; a start takes a tenth of it on an idle machine
# every schedule runs each ten seconds, whatever its frequency says, and keeps its newest points
_ARRAY_SETTINGS = {'schedule_interval': 10, 'schedule_keep': 3}


def arrays(settings):
    words = []
    for site in settings.sites:
        port = settings.array_address(site).rpartition(':')[2]
        words += ['--array', f'{settings.array(site)}:{port}:{settings.array_token(site)}']
    for name, value in _ARRAY_SETTINGS.items():
        words += ['--setting', f'{name}={value}']
    return Program('flasharrays', [
        settings.simulator, 'arrays', *words, '--certificate', settings.tls('server.pem'),
        '--key', settings.tls('server.key'), '--state', settings.array_world,
        '--requests', settings.work / 'log/flasharrays-requests.jsonl'], settings.work)


def proxy_targets(settings):
    """{target: (address of its own, origin behind it, certificate or None)}"""
    targets = {}
    for site in settings.sites:
        for service in SERVICES.values():
            targets[f'{site}/{service.type}'] = (settings.service(site, service.name, True),
                                                 settings.service(site, service.name), None)
        for way, name, certificate in (('proxied', settings.array(site), 'server.pem'),
                                       ('expired', f'{settings.array(site)}/expired',
                                        'expired.pem')):
            targets[name] = (f'https://{settings.array_address(site, way)}',
                             f'https://{settings.array_address(site)}', certificate)
    return targets


def proxy_configuration(settings):
    """What the proxy is told."""
    targets = [{'name': name, 'port': int(own.rpartition(':')[2]), 'upstream': upstream,
                **({'certificate': str(settings.tls(certificate)),
                    'key': str(settings.tls('server.key'))} if certificate else {})}
               for name, (own, upstream, certificate) in proxy_targets(settings).items()]
    return {'admin_port': int(settings.proxy_admin.rpartition(':')[2]),
            'log': str(settings.work / 'log/proxy-requests.jsonl'), 'targets': targets}


def proxy(settings):
    return Program('proxy', [sys.executable, '-m', 'proxy', '--configuration',
                             settings.work / 'proxy/configuration.json'],
                   settings.work, {'PYTHONPATH': str(TESTBED)})


def api(settings, site, service):
    return Program(f'{site}-{service}-api', [
        settings.venv / 'bin/uwsgi', '--ini', settings.site(site) / service / 'uwsgi.ini'],
        settings.work)


def workers(settings, site):
    """What works behind the APIs."""
    def program(name, *more):
        return Program(f'{site}-{name}', [
            settings.venv / 'bin' / name, '--config-file',
            file(settings, site, name.split('-')[0]), *more], settings.work)
    return [program('nova-conductor'), program('nova-scheduler'),
            program('nova-compute', '--config-file', settings.site(site) / 'nova/compute.conf'),
            program('cinder-scheduler'), program('cinder-volume')]


def programs(settings):
    """Everything that runs in a bed that is up."""
    return [*infrastructure.programs(settings), arrays(settings), proxy(settings),
            *(p for s in settings.sites for p in (
                *(api(settings, s, service) for service in SERVICES), *workers(settings, s)))]


def start_arrays(settings):
    if not pathlib.Path(settings.simulator).is_file():
        raise BedError(f'{settings.simulator}, which simulates the arrays, is not there: build it '
                       'with `cargo build --package protector-sim`, or say --simulator')
    program = arrays(settings)
    program.start()
    for site in settings.sites:
        port = int(settings.array_address(site).rpartition(':')[2])
        wait_for(f'{settings.array(site)} to listen',
                 lambda p=port: infrastructure.listens(p), 30, [program])


def start_keystone(settings):
    both = [api(settings, site, 'keystone') for site in settings.sites]
    for program in both:
        program.start()
    for site, program in zip(settings.sites, both, strict=True):
        wait_for(f"Keystone of {site} to answer",
                 lambda s=site: identity.answers(settings, s, 'keystone'), _SLOW, [program])


def start(settings, say):
    """Starts what does not run, on a machine where databases and queue are up, and waits until
    the sites are of use: every service has reported since, the driver has sent its statistics,
    the compute host is known to its cell."""
    since = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())
    start_arrays(settings)
    start_keystone(settings)
    say('arrays and Keystone answer')
    fresh = {site: [p for p in workers(settings, site) if not p.pid()] for site in settings.sites}
    for program in programs(settings):
        program.start()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda s: _wait_for_site(settings, s, since if fresh[s] else ''),
                      settings.sites))
    say('the sites are ready')


def _wait_for_site(settings, site, since):
    for service in SERVICES:
        wait_for(f'{service} of {site} to answer',
                 lambda s=service: identity.answers(settings, site, s), _SLOW,
                 [api(settings, site, service)])
    ask, behind = identity.Client(settings, site), workers(settings, site)

    def reported(service, *wanted):
        told = ask('GET', service, '/os-services')['services']
        return {t['binary'] for t in told
                if t['state'] == 'up' and (t['updated_at'] or '') >= since} >= set(wanted)
    wait_for(f"Cinder's services of {site}",
             lambda: reported('cinder', 'cinder-scheduler', 'cinder-volume'), _SLOW, behind)
    wait_for(f"Nova's services of {site}", lambda: reported(
        'nova', 'nova-conductor', 'nova-scheduler', 'nova-compute'), _SLOW, behind)
    wait_for(f'the storage pool of {site}', lambda: ask(
        'GET', 'cinder', '/scheduler-stats/get_pools?detail=true')['pools'], _SLOW, behind)
    wait_for(f'the compute host of {site}',
             lambda: ask('GET', 'nova', '/os-hypervisors')['hypervisors'], _SLOW, behind)
