"""Writes every file that the bed's programs are configured with."""
import base64
import json
import os
import shutil

from . import certificates, fleet, infrastructure, services
from .settings import SERVICES, TESTBED

# one line for each request; the first two words of "request" read like a common access log
_ACCESS_LINE = ('{"time":%(tmsecs),"request":"%(method) %(uri)","method":"%(method)",'
                '"uri":"%(uri)","status":%(status),"milliseconds":%(msecs),"agent":"%(uagent)"}')


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def configure(settings):
    """Everything but databases and users; nothing that exists there is lost."""
    settings.save()
    for folder in settings.venv.glob('lib/python3*/site-packages/nova/virt'):
        shutil.copy(TESTBED / 'plugins/testbed_hypervisor.py', folder)
    for site in settings.sites:
        for service in SERVICES:
            _configure_service(settings, site, service)
        write(settings.site(site) / 'nova/compute.conf', services.nova_compute(settings, site))
        (settings.site(site) / 'state/nova-compute/locks').mkdir(parents=True, exist_ok=True)
        _make_keys(settings.site(site) / 'keystone')
    infrastructure.configure(settings)
    certificates.make(settings)
    settings.array_world.parent.mkdir(exist_ok=True)
    write(settings.work / 'proxy/configuration.json',
          json.dumps(fleet.proxy_configuration(settings), indent=1))


def _configure_service(settings, site, service):
    home = settings.site(site) / service
    (settings.site(site) / 'state' / service / 'locks').mkdir(parents=True, exist_ok=True)
    shipped = settings.venv / 'etc' / service
    if shipped.is_dir():            # paste, policy and rootwrap files as the packages have them
        shutil.copytree(shipped, home, dirs_exist_ok=True)
    write(services.file(settings, site, service),
          services.CONFIGURATIONS[service][0](settings, site))
    write(home / 'uwsgi.ini', _uwsgi(settings, site, service))


def _uwsgi(settings, site, service):
    _, name, application, variable = services.CONFIGURATIONS[service]
    file = settings.site(site) / service / name
    if variable is None:
        told = f'pyargv = --config-file {file}'
    else:
        told = f'env = {variable}={file if variable.endswith("FILES") else file.parent}'
    return f"""[uwsgi]
http-socket = {settings.service(site, service).removeprefix('http://')}
module = {application}
{told}
virtualenv = {settings.venv}
pythonpath = {TESTBED}/plugins
master = true
processes = 1
threads = {SERVICES[service].threads}
enable-threads = true
lazy-apps = true
need-app = true
die-on-term = true
exit-on-reload = true
thunder-lock = true
listen = 100
buffer-size = 65535
http-socket-timeout = 120
socket-timeout = 120
wsgi-manage-chunked-input = true
http-chunked-input = true
add-header = Connection: close
worker-reload-mercy = 5
req-logger = file:{settings.access_log(site, service)}
log-format = {_ACCESS_LINE}
"""


def _make_keys(home):
    """Keystone's keys, once."""
    for kind in ('fernet', 'credential'):
        (home / kind).mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in ('0', '1'):
            if not (home / kind / number).exists():
                write(home / kind / number, base64.urlsafe_b64encode(os.urandom(32)).decode(),
                      0o600)
