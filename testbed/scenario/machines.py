"""Makes VMs with their volumes and ports, as the tables of `world` describe them."""
import base64

from rest import Refused
from waiting import until
import world


class Broken(AssertionError):
    """A resource of the estate ended in an error state."""


def wait_status(cloud, service, path, key, wanted, limit=120):
    """Waits until the resource has one of the statuses in `wanted` ('gone' for not found)."""
    last = {}

    def there():
        try:
            found = cloud.get(service, path)[key]
        except Refused as e:
            if e.status == 404 and 'gone' in wanted:
                return {'status': 'gone'}
            raise
        last.update(status=found['status'])
        if found['status'] in wanted:
            return found
        if found['status'].lower().startswith('error'):
            raise Broken(f'{cloud.site}: {path} is {found["status"]}: {found.get("fault")}')
        return None
    return until(lambda: f'{cloud.site}: {path} is {last.get("status")}, wanted {wanted}', there,
                 limit)


class Machines:
    """Makes VMs at one site, as the project's owner."""

    def __init__(self, site):
        self.site = site                       # an estate.SiteEstate
        self.cloud = site.owner

    def volume(self, spec, kind, bootable=False):
        body = {'name': spec.get('name', ''), 'size': spec['size'],
                'description': spec.get('description'), 'volume_type': self.site.types[kind],
                'metadata': spec.get('metadata') or {}}
        volume = self.cloud.post('block_storage', '/volumes', {'volume': body})['volume']['id']
        wait_status(self.cloud, 'block_storage', f'/volumes/{volume}', 'volume', ['available'])
        if bootable:
            self.cloud.volume_action(volume, 'os-set_bootable', {'bootable': True})
            self.cloud.volume_action(volume, 'os-set_image_metadata', {'metadata': world.IMAGE})
        return volume

    def port(self, spec):
        network = self.site.networks[spec['network']]
        body = {'network_id': network['id'], 'name': spec.get('name', ''),
                'description': spec.get('description', '')}
        if spec.get('address'):
            prefix = world.NETWORKS[spec['network']][4]
            body['fixed_ips'] = [{'subnet_id': network['subnet'],
                                  'ip_address': f'{prefix}{spec["address"]}'}]
        if spec.get('unguarded'):
            body.update(port_security_enabled=False, security_groups=[])
        elif 'security_groups' in spec:
            body['security_groups'] = [self.site.security_groups[g]
                                       for g in spec['security_groups']]
        if spec.get('pairs'):
            body['allowed_address_pairs'] = spec['pairs']
        if spec.get('dhcp'):
            body['extra_dhcp_opts'] = spec['dhcp']
        port = self.cloud.post('network', '/ports', {'port': body})['port']['id']
        if spec.get('tags'):
            self.cloud.put('network', f'/ports/{port}/tags', {'tags': spec['tags']})
        return port

    def server(self, spec, kind='replicated', pool=None):
        """Volumes first, then ports, then the VM; returns its id."""
        roots = [i == 0 for i in range(len(spec['volumes']))]
        make = map if pool is None else pool.map
        volumes = list(make(lambda v: self.volume(v[0], kind, v[1]),
                            zip(spec['volumes'], roots, strict=True)))
        ports = [None if p.get('by_nova') else self.port(p) for p in spec['ports']]
        body = self._body(spec, volumes, ports)
        request = {'server': body}
        if spec.get('grouped'):
            request['OS-SCH-HNT:scheduler_hints'] = {'group': self.site.server_group}
        server = self.cloud.post('compute', '/servers', request)['server']['id']
        self._server_is(server, 'ACTIVE')
        self._finish(server, spec, volumes)
        return server

    def _body(self, spec, volumes, ports):
        body = {'name': spec.get('created_as', spec['name']), 'imageRef': '',
                'flavorRef': self.site.flavors[spec['flavor']],
                'metadata': spec.get('metadata') or {},
                'networks': [self._network(p, port)
                             for p, port in zip(spec['ports'], ports, strict=True)],
                'block_device_mapping_v2': [
                    self._device(i, v, volume)
                    for i, (v, volume) in enumerate(zip(spec['volumes'], volumes, strict=True))
                    if v.get('at') != 'later']}
        for field, key in (('description', 'description'), ('hostname', 'hostname'),
                           ('config_drive', 'config_drive'), ('accessIPv4', 'access_ipv4'),
                           ('tags', 'tags')):
            if key in spec:
                body[field] = spec[key]
        if spec.get('key'):
            body['key_name'] = world.KEYPAIR
        if spec.get('user_data'):
            body['user_data'] = base64.b64encode(spec['user_data']).decode()
        return body

    def _network(self, spec, port):
        network = {'port': port} if port else {
            'uuid': self.site.networks[spec['network']]['id']}
        if spec.get('nic_tag'):
            network['tag'] = spec['nic_tag']
        return network

    @staticmethod
    def _device(index, spec, volume):
        device = {'uuid': volume, 'source_type': 'volume', 'destination_type': 'volume',
                  'boot_index': 0 if index == 0 else -1,
                  'delete_on_termination': not spec.get('keep', True)}
        if spec.get('tag'):
            device['tag'] = spec['tag']
        return device

    def _server_is(self, server, status):
        wait_status(self.cloud, 'compute', f'/servers/{server}', 'server', [status])

    def _finish(self, server, spec, volumes):
        """What can only be done to a VM that exists."""
        for v, volume in zip(spec['volumes'], volumes, strict=True):
            if v.get('at') == 'later':
                attachment = {'volumeId': volume, 'delete_on_termination': not v.get('keep', True)}
                if v.get('tag'):
                    attachment['tag'] = v['tag']
                self.cloud.post('compute', f'/servers/{server}/os-volume_attachments',
                                {'volumeAttachment': attachment})
        for volume in volumes:
            wait_status(self.cloud, 'block_storage', f'/volumes/{volume}', 'volume', ['in-use'])
        if 'created_as' in spec:
            self.cloud.put('compute', f'/servers/{server}', {'server': {'name': spec['name']}})
        if spec.get('off'):
            self.cloud.server_action(server, 'os-stop')
            self._server_is(server, 'SHUTOFF')

    def extend(self, volume, size):
        """Makes a volume that is in use larger."""
        self.cloud.volume_action(volume, 'os-extend', {'new_size': size})
        wait_status(self.cloud, 'block_storage', f'/volumes/{volume}', 'volume', ['in-use'])
        found = self.cloud.get('block_storage', f'/volumes/{volume}')['volume']['size']
        if found != size:
            raise Broken(f'{self.cloud.site}: volume {volume} has {found} GiB, wanted {size}')

    def resize(self, server, flavor):
        """Gives a running VM another flavor."""
        self.cloud.server_action(server, 'resize', {'flavorRef': self.site.flavors[flavor]})
        self._server_is(server, 'VERIFY_RESIZE')
        self.cloud.server_action(server, 'confirmResize')
        self._server_is(server, 'ACTIVE')

    def describe(self, server, volume, port):
        """Changes what is said of a VM, one of its volumes and one of its ports; returns what is said now, field by
        field."""
        said = {'servers': {'description': 'Front end, second edition', 'metadata': {'role': 'web', 'edition': '2'},
                            'tags': ['edition-2', 'production']},
                'volumes': {'name': 'app-web-journal', 'description': 'logs, second edition',
                            'metadata': {'owner': 'web', 'Ort': 'Basel'}},
                'ports': {'description': 'public side, second edition', 'tags': ['front', 'second']}}
        marked = {'servers': self.cloud.get('compute', f'/servers/{server}')['server']['metadata'],
                  'ports': self.cloud.get('network', f'/ports/{port}')['port']['tags']}
        self.cloud.put('compute', f'/servers/{server}', {'server': {
            'description': said['servers']['description']}})
        metadata = {k: v for k, v in marked['servers'].items() if k.startswith('protector:')}
        self.cloud.put('compute', f'/servers/{server}/metadata', {
            'metadata': {**metadata, **said['servers']['metadata']}})
        self.cloud.put('compute', f'/servers/{server}/tags', {'tags': said['servers']['tags']})
        self.cloud.put('block_storage', f'/volumes/{volume}', {'volume': {
            field: said['volumes'][field] for field in ('name', 'description')}})
        self.cloud.post('block_storage', f'/volumes/{volume}/metadata', {'metadata': said['volumes']['metadata']})
        self.cloud.put('network', f'/ports/{port}', {'port': {
            'description': said['ports']['description']}})
        self.cloud.put('network', f'/ports/{port}/tags', {
            'tags': said['ports']['tags'] + [t for t in marked['ports'] if t.startswith('protector:')]})
        return said

    def image_booted(self, name):
        """A VM whose root disk is not a volume: protector has to refuse it."""
        image = self.cloud.post('image', '/images', {
            'name': name, 'disk_format': 'raw', 'container_format': 'bare'})['id']
        answer = self.cloud.connection.image.put(
            f'/images/{image}/file', data=b'\0' * 65536,
            headers={'Content-Type': 'application/octet-stream'})
        if answer.status_code >= 400:
            raise Broken(f'upload of image {name}: {answer.status_code} {answer.text[:200]}')
        server = self.cloud.post('compute', '/servers', {'server': {
            'name': name, 'imageRef': image, 'flavorRef': self.site.flavors['tiny'],
            'networks': [{'uuid': self.site.networks['front']['id']}]}})['server']['id']
        self._server_is(server, 'ACTIVE')
        return server
