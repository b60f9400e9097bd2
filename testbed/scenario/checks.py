"""What must hold after every step, told as lists of sentences: an empty list is a pass. All of it
is computed from snapshots of `truth` and from what the program says that it knows."""
import re

import fidelity
import portable
from truth import diff

OF_CINDER = re.compile(r'(volume|consisgroup)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-cinder')
# kinds of a site that can come into being; keypairs are known by name, the rest by id
KINDS = ('servers', 'volumes', 'groups', 'snapshots', 'group_snapshots', 'ports', 'networks',
         'subnets', 'security_groups', 'server_groups', 'floating_ips', 'keypairs')
CINDER_OWN = 'cinder-group'          # the Pure driver's group of all replicated volumes
ATTACHMENT_IDS = ('volumes/*/attachment/attachment_id',
                  'volumes/*/volume/attachments/*/attachment_id')
CLOCK = ('next_scheduled', 'number')     # fields of a protection group that its schedule moves


class Owned:
    """What belongs to the protected VMs in a snapshot: server, volume and port ids by site."""

    def __init__(self, snapshot, servers):
        """`servers`: {site: ids of the VMs}."""
        self.servers = {site: set(ids) for site, ids in servers.items()}
        self.volumes, self.ports = {}, {}
        for site, ids in self.servers.items():
            there = snapshot['sites'][site]['servers']
            self.volumes[site] = {a['volumeId'] for i in ids for a in there[i]['attachments']}
            self.ports[site] = {p['port_id'] for i in ids for p in there[i]['interfaces']}

    def of(self, kind, site):
        return {'servers': self.servers, 'volumes': self.volumes,
                'ports': self.ports}.get(kind, {}).get(site, set())

    def array_volume(self, name):
        """Whether this array volume is one of theirs."""
        found = OF_CINDER.search(name)
        return bool(found) and any(found.group(2) in ids for ids in self.volumes.values())


def told(differences):
    return [f'{d["path"]}: {d.get("before", "(not there)")!r} became '
            f'{d.get("after", "(not there)")!r}' for d in differences]


def strangers(before, now, owned):
    """Everything that was there before and is not the protected VMs' own is as it was."""
    found = []
    for site, kinds in before['sites'].items():
        for kind, items in kinds.items():
            if kind == 'foreign':
                continue
            there = now['sites'][site][kind]
            for name, item in items.items():
                if name in owned.of(kind, site) or (
                        kind == 'attachments' and item['volume_id'] in owned.volumes.get(site, ())):
                    continue
                if name not in there:
                    found.append(f'{site}: {kind} {name} is gone')
                else:
                    found += told(diff(item, there[name], f'{site}/{kind}/{name}'))
    for array in before['arrays']:
        found += _array_strangers(array, before['arrays'][array], now['arrays'][array],
                                  lambda name: owned.array_volume(name) or foreign(before, name))
    return found


def foreign(snapshot, name):
    """Whether an array object stands for a Cinder object of another project."""
    found = OF_CINDER.search(name)
    return bool(found) and any(found.group(2) in site.get('foreign', ())
                               for site in snapshot['sites'].values())


def _array_strangers(array, before, now, others):
    """`others`: whether an array object is the protected VMs' or another project's."""
    found = []
    for kind in ('volumes', 'snapshots', 'protection_groups', 'protection_group_snapshots',
                 'hosts', 'pods', 'volume_groups'):
        for name, item in before[kind].items():
            if others(name) or _scheduled(before, kind, item):
                continue
            there = now[kind].get(name)
            if there is None:
                found.append(f'{array}: {kind} {name} is gone')
            elif kind == 'protection_groups':
                found += _group_changed(array, item, there, others)
            else:
                found += told(diff(item, there, f'{array}/{kind}/{name}'))
    for kind, volume in (('connections', 'volume'), ('tags', 'resource')):
        was = [x for x in before[kind] if x[volume] and not others(x[volume])]
        names = set(before['volumes'])
        is_ = [x for x in now[kind] if x[volume] in names and not others(x[volume])]
        found += [f'{array}: {kind}: {x} is gone' for x in was if x not in is_]
        found += [f'{array}: {kind}: {x} is new' for x in is_ if x not in was]
    return found


def _scheduled(state, kind, item):
    """Points that a schedule makes and retires by itself, and their member snapshots."""
    if kind == 'protection_group_snapshots':
        return item['scheduled']
    if kind == 'snapshots' and item['group_snapshot']:
        points = {p['id']: p for p in state['protection_group_snapshots'].values()}
        return item['group_snapshot'] not in points or points[item['group_snapshot']]['scheduled']
    return False


def _group_changed(array, was, is_, others):
    def settings(group):
        return {k: v for k, v in group.items() if k not in (*CLOCK, 'volumes')}
    found = told(diff(settings(was), settings(is_), f'{array}/{was["name"]}'))
    if was['name'].split(':')[-1] == CINDER_OWN:      # Cinder itself puts every new volume here
        found += [f'{array}: {was["name"]} lost {v}' for v in was['volumes']
                  if v not in is_['volumes'] and not others(v or '')]
    elif was['volumes'] != is_['volumes']:
        found.append(f'{array}: {was["name"]}: members {was["volumes"]} became {is_["volumes"]}')
    return found


class Known:
    """What the program says that it made, to be asked about one thing at a time."""

    def __init__(self, before, now, objects, ours=()):
        """`ours`: names or suffixes of points that the test itself made."""
        self.ids = {(o['site'], o['id']) for o in objects}
        self.names = {o['name'] for o in objects if o.get('name')} | {o['id'] for o in objects}
        self.cinder = {o['id'] for o in objects} | {
            i for site in before['sites'].values() for kind in ('volumes', 'groups')
            for i in site[kind]}
        self.snapshots, self.ours = (before, now), tuple(ours)

    def named(self, name):
        """An array object by its own name, or by the one it has on the other array; or one that
        is the test's, or of another project."""
        own = name.split(':', 1)[-1]
        return any(n.split(':', 1)[-1] == own for n in self.names) \
            or any(name.endswith(f'.{mine}') for mine in self.ours) \
            or any(foreign(snapshot, name) for snapshot in self.snapshots)

    def of_cinder(self, name):
        """An array object that stands for a known Cinder volume or group."""
        found = OF_CINDER.search(name)
        return bool(found) and found.group(2) in self.cinder


def unknown(before, now, objects, ours=(), destroyed=True):
    """Everything that exists now, did not before, and that the journal does not know. Without `destroyed` only what
    lives counts on the arrays: what was undone waits there for its eradication, and the journal has no more of it."""
    known, found = Known(before, now, objects, ours), []
    for site in before['sites']:
        for kind in KINDS:
            for item in sorted(set(now['sites'][site][kind]) - set(before['sites'][site][kind])):
                name = item.split('/')[-1]
                if (site, item) not in known.ids and not (
                        kind == 'keypairs' and ((site, name) in known.ids or name in known.names)):
                    what = now['sites'][site][kind][item]
                    found.append(f'{site}: {kind} {item} ({what.get("name")}) is in no journal')
    for array in before['arrays']:
        there = now['arrays'][array]
        if not destroyed:
            there = {kind: {n: i for n, i in items.items() if not i.get('destroyed')}
                     if isinstance(items, dict) else items for kind, items in there.items()}
        found += _array_unknown(array, before['arrays'][array], there, known)
    return found


def _array_unknown(array, before, now, known):
    found = []

    def new(kind):
        return [i for n, i in now[kind].items()
                if n not in before[kind] and not known.named(n) and i['id'] not in known.names]
    for kind in ('volumes', 'protection_groups'):
        found += [f'{array}: {kind} {i["name"]} is in no journal' for i in new(kind)
                  if not known.of_cinder(i['name'])]
    fine = {p['id'] for p in now['protection_group_snapshots'].values()
            if p['scheduled'] or known.named(p['name'])
            or p['name'] in before['protection_group_snapshots']}
    found += [f'{array}: point {p["name"]} is in no journal'
              for p in new('protection_group_snapshots') if p['id'] not in fine]
    found += [f'{array}: snapshot {s["name"]} is in no journal' for s in new('snapshots')
              if s['group_snapshot'] not in fine]
    found += [f'{array}: host {n} is in no journal' for n in now['hosts']
              if n not in before['hosts'] and not n.endswith('-cinder') and not known.named(n)]
    found += [f'{array}: pod or volume group {n} is in no journal'
              for kind in ('pods', 'volume_groups') for n in now[kind]
              if n not in before[kind] and not known.named(n)]
    return found


def new_living(before, now, sites=None, arrays=None):
    """Everything that exists now, did not before, and is not destroyed: what `unprotect` must
    not leave. Points that a schedule made are the schedule's."""
    found = []
    for site in sites if sites is not None else before['sites']:
        for kind in (*KINDS, 'attachments'):
            found += [f'{site}: {kind} {i} ({now["sites"][site][kind][i].get("name")})'
                      for i in now['sites'][site][kind] if i not in before['sites'][site][kind]]
    for array in arrays if arrays is not None else before['arrays']:
        was, is_ = before['arrays'][array], now['arrays'][array]
        for kind in ('volumes', 'protection_groups', 'pods', 'volume_groups'):
            found += [f'{array}: {kind} {n}' for n, i in is_[kind].items()
                      if n not in was[kind] and not i['destroyed'] and not foreign(now, n)]
        found += [f'{array}: connection {c["host"]} {c["volume"]}' for c in is_['connections']
                  if c['volume'] not in [x['volume'] for x in was['connections']]
                  and not foreign(now, c['volume'])]
        found += [f'{array}: tag {t["key"]} of {t["resource"]}' for t in is_['tags']
                  if t['resource'] in was['volumes'] and t not in was['tags']]
    return found


def same_vms(before, now, site, servers, protected=True, resized=()):
    """The VMs are as they were: same ids, MACs, addresses, devices, and every other field. Only
    times may differ, while they are protected the volumes' group and protector's marks, and the
    ids of the attachments of those `resized`, which Nova makes anew."""
    found = []
    for name, server in servers.items():
        try:
            compared = fidelity.compare(portable.vm(before, site, server),
                                        portable.vm(now, site, server), {}, site, site)
        except portable.NotThere as e:
            found.append(f'{name} at {site}: {e}')
            continue
        found += [f'{name} at {site}: {line}' for line in told(compared['differences'])]
        for difference in compared['allowed']:
            path = fidelity.pattern(difference['path'])
            if name in resized and path in ATTACHMENT_IDS:
                continue
            if difference['class'] == 'time' or (protected and (
                    difference['class'] == 'marker' or path in fidelity.FROM_NOTHING)):
                continue
            found += [f'{name} at {site}: {line}' for line in told([difference])]
    return found


def stopped(now, site, servers):
    """VMs that must be there and not run."""
    there = now['sites'][site]['servers']
    return [f'{name} at {site} is {there[i]["status"] if i in there else "gone"}'
            for name, i in servers.items() if i not in there or there[i]['status'] != 'SHUTOFF']
