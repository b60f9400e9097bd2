"""A VM of a snapshot as one document in which every reference is a name or a place in the
document itself, so that the same VM at two sites can be laid side by side.

Nothing that a service says is left out: what is not resolved here is taken over as it is.
"""
import copy


class NotThere(AssertionError):
    """The snapshot does not hold what the document needs."""


def vm(snapshot, site, server):
    """{'server': ..., 'volumes': [...], 'ports': [...], 'server_groups': [...], 'keypair': ...}"""
    return _Document(snapshot['sites'][site], server).build()


def _only(items, what):
    items = list(items)
    if len(items) != 1:
        raise NotThere(f'{what}: {len(items)} found')
    return items[0]


class _Document:
    def __init__(self, site, server):
        if server not in site['servers']:
            raise NotThere(f'server {server}')
        self.site, self.id = site, server
        self.raw = copy.deepcopy(site['servers'][server])
        self.project = self.raw['tenant_id']

    def build(self):
        raw = self.raw
        attachments = raw.pop('attachments')
        interfaces = raw.pop('interfaces')
        order = raw.pop('interface_order')
        volumes = [self._volume(a) for a in attachments]
        ports = [self._port(_only((i for i in interfaces if i['mac_addr'] == mac),
                                  f'interface {mac} of {raw["name"]}')) for mac in order]
        if len(ports) != len(interfaces):
            raise NotThere(f'{raw["name"]} has {len(interfaces)} interfaces, {len(ports)} shown')
        return {'server': self._server(attachments), 'volumes': volumes, 'ports': ports,
                'server_groups': [self._server_group(g) for g in raw['server_groups']],
                'keypair': self._keypair()}

    def _server(self, attachments):
        server = dict(self.raw)
        server['tenant_id'] = self._own(server['tenant_id'])
        server['server_groups'] = [self._group_name(g) for g in server['server_groups']]
        server['addresses'] = [{'network': network, 'addresses': addresses}
                               for network, addresses in server['addresses'].items()]
        server['security_groups'] = sorted(g['name'] for g in server.get('security_groups', []))
        server['tags'] = sorted(server['tags'])
        hints = server.get('scheduler_hints')
        if hints and 'group' in hints:
            server['scheduler_hints'] = dict(hints, group=[
                self._group_name(g) for g in hints['group']])
        places = {a['volumeId']: i for i, a in enumerate(attachments)}
        server['os-extended-volumes:volumes_attached'] = [
            dict(v, id=f'<volume {places[v["id"]]}>' if v['id'] in places else v['id'])
            for v in server['os-extended-volumes:volumes_attached']]
        return server

    def _volume(self, attachment):
        attachment = dict(attachment)
        volume = copy.deepcopy(self.site['volumes'].get(attachment['volumeId']))
        if volume is None:
            raise NotThere(f'volume {attachment["volumeId"]} of {self.raw["name"]}')
        for used in volume['attachments']:
            used['server_id'] = self._own(used['server_id'])
            used['volume_id'] = self._same(used['volume_id'], volume['id'])
            used['id'] = self._same(used['id'], volume['id'])
        volume['os-vol-tenant-attr:tenant_id'] = self._own(volume['os-vol-tenant-attr:tenant_id'])
        attachment['serverId'] = self._own(attachment['serverId'])
        attachment['volumeId'] = self._same(attachment['volumeId'], volume['id'])
        return {'attachment': attachment, 'volume': volume}

    def _port(self, interface):
        interface = copy.deepcopy(interface)
        port = copy.deepcopy(self.site['ports'].get(interface['port_id']))
        if port is None:
            raise NotThere(f'port {interface["port_id"]} of {self.raw["name"]}')
        interface['port_id'] = self._same(interface['port_id'], port['id'])
        interface['net_id'] = self._network(interface['net_id'])
        for address in interface['fixed_ips']:
            address['subnet_id'] = self._subnet(address['subnet_id'])
        port['network_id'] = self._network(port['network_id'])
        for address in port['fixed_ips']:
            address['subnet_id'] = self._subnet(address['subnet_id'])
        port['fixed_ips'].sort(key=lambda a: a['ip_address'])
        port['allowed_address_pairs'].sort(key=lambda p: (p['ip_address'], p['mac_address']))
        port['extra_dhcp_opts'] = sorted(port.get('extra_dhcp_opts', []),
                                         key=lambda o: (o['ip_version'], o['opt_name']))
        port['security_groups'] = sorted(self._security_group(g) for g in port['security_groups'])
        port['tags'] = sorted(port['tags'])
        port['device_id'] = self._own(port['device_id'])
        for field in ('project_id', 'tenant_id'):
            port[field] = self._own(port[field])
        return {'interface': interface, 'port': port}

    def _own(self, value):
        return {self.id: '<this server>', self.project: '<the project>'}.get(value, value)

    @staticmethod
    def _same(value, volume_or_port):
        return '<its own>' if value == volume_or_port else value

    def _network(self, network):
        return self.site['networks'].get(network, {}).get('name', network)

    def _subnet(self, subnet):
        return self.site['subnets'].get(subnet, {}).get('cidr', subnet)

    def _security_group(self, group):
        return self.site['security_groups'].get(group, {}).get('name', group)

    def _group_name(self, group):
        return self.site['server_groups'].get(group, {}).get('name', group)

    def _server_group(self, group):
        found = self.site['server_groups'].get(group)
        if found is None:
            raise NotThere(f'server group {group} of {self.raw["name"]}')
        return {k: found[k] for k in found if k not in ('id', 'project_id', 'user_id', 'members')}

    def _keypair(self):
        """The public key that the VM's key name stands for: it belongs to the VM's user."""
        name = self.raw['key_name']
        if name is None:
            return None
        return _only((
            {k: v for k, v in key.items() if k != 'user_id'}
            for key in self.site['keypairs'].values()
            if key['name'] == name and key['user_id'] == self.raw['user_id']),
            f'keypair {name} of {self.raw["name"]}')
