"""Writes what one run of the program is configured with: clouds.yaml, protector.yaml, the key
file and the arrays' tokens, in a directory of its own."""
import base64
import os
import pathlib
import shutil

import yaml

import world

KINDS = ('networks', 'flavors', 'volume_types', 'security_groups', 'availability_zones')


class Configuration:
    """`role` is the service user (world.SERVICE, or world.SERVICE_MEMBER). With `proxied` every
    request goes through the fault proxy, if the bed has one. `unmapped` leaves kinds of mappings
    out; `engine` overrides the engine's seconds."""

    def __init__(self, bed, directory, role=world.SERVICE, proxied=True, unmapped=(), engine=None):
        self.bed, self.role, self.proxied = bed, role, proxied
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.unmapped = unmapped
        self.engine = {'poll_interval': 0.2, 'step_timeout': 120, 'retry_for': 4, **(engine or {})}
        self.environment = {}
        self.key = self._key()
        self.write_clouds()
        self.write_protector()

    @property
    def clouds_file(self):
        return self.directory / 'clouds.yaml'

    @property
    def protector_file(self):
        return self.directory / 'protector.yaml'

    def _key(self):
        key = self.directory / 'protector.key'
        if not key.exists():
            key.touch(0o600)
            key.write_bytes(base64.b64encode(os.urandom(32)))
        return key.read_text(encoding='ascii').strip()

    def clouds(self):
        """One cloud a site, named tenant-SITE."""
        told = {}
        for name, site in self.bed.sites.items():
            entry = self.bed.cloud_entry(name)
            auth = {'auth_url': entry['auth']['auth_url'],
                    'username': f'{world.PROJECT}-{self.role}', 'password': world.PASSWORD,
                    'project_name': world.PROJECT, 'user_domain_name': 'Default',
                    'project_domain_name': 'Default'}
            cloud = {'auth': auth, 'region_name': site.region, 'interface': 'public',
                     'identity_api_version': 3}
            if self.proxied and site.proxied:
                auth['auth_url'] = site.proxied['identity']
                for service, url in site.proxied.items():
                    cloud[f'{service}_endpoint_override'] = url
            told[f'tenant-{name}'] = cloud
        return told

    def write_clouds(self, change=None):
        clouds = self.clouds()
        if change:
            change(clouds)
        with open(self.clouds_file, 'w', encoding='utf-8') as f:
            yaml.safe_dump({'clouds': clouds}, f)

    def protector(self):
        """The content of protector.yaml. One array's token comes from the environment, the
        other's from a file."""
        sites = {}
        for place, (name, site) in enumerate(self.bed.sites.items()):
            array = self.bed.array_of(name)
            certificate = self.directory / f'{array.name}.pem'
            proxied = self.proxied and array.proxied
            shutil.copy(array.proxied_certificate if proxied else array.certificate, certificate)
            if place == 0:
                variable = f'TOKEN_{array.name}'.upper().replace('-', '_')
                self.environment[variable] = array.token
                token = f'env:{variable}'
            else:
                file = self.directory / f'{array.name}.token'
                file.touch(0o600)
                file.write_text(array.token + '\n', encoding='utf-8')
                token = f'file:{file}'
            sites[name] = {
                'cloud': f'tenant-{name}', 'region': site.region, 'store': f'{name}.db',
                'arrays': {array.name: {
                    'driver': 'pure', 'url': array.proxied if proxied else array.url,
                    'api_token': token, 'ca_certificate': certificate.name}}}
        mappings = world.mappings(*self.bed.names)
        return {'sites': sites, 'encryption_key': 'file:protector.key',
                'mappings': {k: v for k, v in mappings.items() if v and k not in self.unmapped},
                'defaults': {'replication_interval': 300, 'retention': 86400, 'rpo_minutes': 15,
                             **self._group_type()},
                'engine': self.engine}

    def _group_type(self):
        """Only an administrator sees which group type fits; a member has to be told."""
        return {'group_type': world.GROUP_TYPE} if self.role == world.SERVICE_MEMBER else {}

    def write_protector(self, change=None):
        """Writes protector.yaml; `change` may alter its content first."""
        told = self.protector()
        if change:
            change(told)
        with open(self.protector_file, 'w', encoding='utf-8') as f:
            yaml.safe_dump(told, f, sort_keys=False)

    def secrets(self):
        """What must never show in anything that the program says: name → value."""
        return {'password': world.PASSWORD, 'encryption key': self.key,
                **{f'token of {a.name}': a.token for a in self.bed.arrays.values()},
                'user data': base64.b64encode(world.USER_DATA).decode()}

    @property
    def mappings(self):
        return world.mappings(*self.bed.names)
