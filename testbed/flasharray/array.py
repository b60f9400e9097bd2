"""One array: its collections and how objects are found in them. The rules are elsewhere (volumes,
protection, ...); everything in here is plain data, so that the state file is a copy of it."""
import uuid

from . import naming
from .refusal import Refused


def milliseconds(seconds):
    """Array time: milliseconds since the epoch."""
    return int(seconds * 1000)


def reference(item):
    """How one object names another; an absent one is an object of nulls, never left out."""
    if item is None:
        return {'id': None, 'name': None}
    return {'id': item['id'], 'name': item['name']}


class Collection:
    """Objects of one kind by id, found by name whatever the case. `noun` begins the sentences."""

    def __init__(self, noun, items=()):
        self.noun = noun
        self.by_id = {i['id']: i for i in items}

    def __iter__(self):
        return iter(list(self.by_id.values()))

    def __len__(self):
        return len(self.by_id)

    def find(self, name):
        """The object of that name, destroyed or not, or None."""
        wanted = name.lower()
        return next((i for i in self.by_id.values() if i['name'].lower() == wanted), None)

    def named(self, name):
        found = self.find(name)
        if found is None:
            raise Refused(f'{self.noun} does not exist.', name)
        return found

    def usable(self, name):
        """Exists and is not destroyed."""
        found = self.named(name)
        if found.get('destroyed'):
            raise Refused(f'{self.noun} has been destroyed.', name)
        return found

    def addressed(self, query, names='names', ids='ids'):
        """The objects that a request names, by names or by ids; every one has to exist."""
        if ids in query:
            for one in query[ids]:
                if one not in self.by_id:
                    raise Refused(f'{self.noun} does not exist.', one)
            return [self.by_id[one] for one in query[ids]]
        return [self.named(name) for name in query.required(names, ids)]

    def check_free(self, name):
        """A destroyed object keeps its name until it is eradicated, and says so: 'already exists'
        there would hide from a caller that it may recover or eradicate it."""
        found = self.find(name)
        if found is not None:
            raise Refused(f'{self.noun} has been destroyed.' if found.get('destroyed')
                          else f'{self.noun} already exists.', name)

    def add(self, item):
        self.by_id[item['id']] = item
        return item

    def remove(self, item):
        self.by_id.pop(item['id'], None)


NOUNS = {'volumes': 'Volume', 'snapshots': 'Volume snapshot', 'hosts': 'Host',
         'protection_groups': 'Protection group',
         'protection_group_snapshots': 'Protection group snapshot', 'pods': 'Pod',
         'volume_groups': 'Volume group'}


class Array:
    """`failure` is None, or how the array is ill: 'unavailable' (503), 'hang' or 'close'."""

    def __init__(self, world, name, port, token):
        self.world, self.name, self.port, self.token = world, name, port, token
        self.id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.failure, self.refusals, self.sessions = None, [], {}
        self.last_serial = 0x11000
        self.connections = []         # {host: name, volume: id, lun}
        self.tags = []                # {resource: volume id, namespace, key, value, copyable}
        for kind, noun in NOUNS.items():
            setattr(self, kind, Collection(noun))

    @property
    def up(self):
        return self.failure is None

    def dump(self):
        out = {kind: list(getattr(self, kind)) for kind in NOUNS}
        out.update(connections=self.connections, tags=self.tags, last_serial=self.last_serial)
        return out

    def load(self, dumped):
        for kind, noun in NOUNS.items():
            setattr(self, kind, Collection(noun, dumped[kind]))
        self.connections, self.tags = dumped['connections'], dumped['tags']
        self.last_serial = dumped['last_serial']

    def new_serial(self):
        self.last_serial += 1
        return self.id.replace('-', '').upper()[:16] + f'{self.last_serial:08X}'

    def new_object(self, name, **more):
        """The fields that every kind has."""
        return {'id': str(uuid.uuid4()), 'name': name, 'created': milliseconds(self.world.now()),
                'destroyed': False, 'destroyed_at': None, **more}

    def mark_destroyed(self, item, noun, destroyed):
        """Destroys, recoverably, or recovers."""
        if destroyed and item['destroyed']:
            raise Refused(f'{noun} has been destroyed.', item['name'])
        if not destroyed and not item['destroyed']:
            raise Refused(f'{noun} is not destroyed.', item['name'])
        item['destroyed'] = destroyed
        item['destroyed_at'] = self.world.now() if destroyed else None

    def time_remaining(self, item):
        """Milliseconds until a destroyed object is eradicated; None for a living one."""
        if not item['destroyed']:
            return None
        end = item['destroyed_at'] + self.world.settings.eradication_delay
        return max(0, milliseconds(end - self.world.now()))

    def pod_reference(self, name):
        pod = naming.pod(name)
        return reference(self.pods.find(pod) if pod else None)

    def volume_group_reference(self, name):
        group = naming.volume_group(name)
        return reference(self.volume_groups.find(group) if group else None)

    def check_container(self, name):
        """The pod or volume group in a name has to exist."""
        if naming.pod(name):
            self.pods.usable(naming.pod(name))
        if naming.volume_group(name):
            self.volume_groups.usable(naming.volume_group(name))
