"""Compares VMs as they were at one site with what runs for them at the other, field by field.

Everything is compared and has to be equal, unknown fields included. The only differences that
are let through have a class of their own, given by RULES below:

    id      the field names an object, and objects have other ids at the other site
    host    the field names a host, a backend or an array of its site
    time    the field says when something happened, or counts changes
    user    the service user made the other site's objects
    mapped  the field has the name that the mappings give for the first site's
    marker  protector's own metadata keys and tags (`protector:`)

    python fidelity.py before.json after.json --home site-a --away site-b > report.json
"""
import argparse
import json
import re
import sys

from rest import COMPUTE, VOLUME
import portable
import truth
import world

MARKER = 'protector:'

# Path of a field (a list's places as *) → class. What is not here must be equal.
RULES = {
    'id': [
        'server/id', 'server/links/*/href', 'server/OS-EXT-SRV-ATTR:instance_name',
        'server/OS-EXT-SRV-ATTR:reservation_id',
        'volumes/*/attachment/attachment_id', 'volumes/*/attachment/bdm_uuid',
        'volumes/*/volume/id', 'volumes/*/volume/links/*/href', 'volumes/*/volume/group_id',
        'volumes/*/volume/volume_type_id', 'volumes/*/volume/provider_id',
        'volumes/*/volume/metadata/array_volume_name',
        'volumes/*/volume/attachments/*/attachment_id', 'ports/*/port/id'],
    'host': [
        'server/OS-EXT-SRV-ATTR:host', 'server/OS-EXT-SRV-ATTR:hypervisor_hostname',
        'server/hostId', 'volumes/*/volume/os-vol-host-attr:host',
        'volumes/*/volume/attachments/*/host_name', 'volumes/*/volume/service_uuid',
        'volumes/*/volume/metadata/array_name', 'ports/*/port/binding:host_id'],
    'time': [
        'server/created', 'server/updated', 'server/OS-SRV-USG:launched_at',
        'volumes/*/volume/created_at', 'volumes/*/volume/updated_at',
        'volumes/*/volume/attachments/*/attached_at',
        'ports/*/port/created_at', 'ports/*/port/updated_at', 'ports/*/port/revision_number'],
    'user': ['server/user_id', 'volumes/*/volume/user_id'],
}
CLASS_OF = {path: name for name, paths in RULES.items() for path in paths}
# A volume joins a Cinder group when it is protected: before, it has none.
FROM_NOTHING = {'volumes/*/volume/group_id'}

# Path of a name → kind of the mapping that translates it
MAPPED = {
    'server/flavor/original_name': 'flavors', 'server/addresses/*/network': 'networks',
    'server/security_groups/*': 'security_groups', 'ports/*/port/security_groups/*':
    'security_groups', 'ports/*/port/network_id': 'networks', 'ports/*/interface/net_id':
    'networks', 'volumes/*/volume/volume_type': 'volume_types',
    'server/OS-EXT-AZ:availability_zone': 'availability_zones',
    'volumes/*/volume/availability_zone': 'availability_zones',
    'server/pinned_availability_zone': 'availability_zones',
}
MARKED_KEYS = ('server/metadata', 'volumes/*/volume/metadata')
MARKED_TAGS = ('server/tags', 'ports/*/port/tags')


def pattern(path):
    return re.sub(r'(?<=/)\d+(?=/|$)', '*', path)


def translate(document, mapping, home, away, path=''):
    """The home site's document with its names as they ought to be at the other site. Returns the
    document and what was translated: [{'path', 'before', 'after'}]."""
    if isinstance(document, dict):
        out, done = {}, []
        for key, value in document.items():
            out[key], more = translate(value, mapping, home, away, f'{path}/{key}'.lstrip('/'))
            done += more
        return out, done
    if isinstance(document, list):
        parts = [translate(v, mapping, home, away, f'{path}/{i}') for i, v in enumerate(document)]
        values = [p[0] for p in parts]
        if pattern(f'{path}/0') in MAPPED:
            values.sort()
        return values, [d for p in parts for d in p[1]]
    kind = MAPPED.get(pattern(path))
    for pair in mapping.get(kind, []) if kind else []:
        if pair[home] == document and pair[away] != document:
            return pair[away], [{'path': path, 'class': 'mapped', 'before': document,
                                 'after': pair[away]}]
    return document, []


def take_markers(document, path=''):
    """Takes protector's markers out of the document, in place; returns their paths."""
    taken = []
    if pattern(path) in MARKED_KEYS:
        for key in [k for k in document if k.startswith(MARKER)]:
            taken.append({'path': f'{path}/{key}', 'class': 'marker', 'after': document.pop(key)})
    elif pattern(path) in MARKED_TAGS:
        marked = [tag for tag in document if tag.startswith(MARKER)]
        document[:] = [tag for tag in document if tag not in marked]
        taken += [{'path': path, 'class': 'marker', 'after': tag} for tag in marked]
    inner = (document.items() if isinstance(document, dict)
             else enumerate(document) if isinstance(document, list) else ())
    for key, value in inner:
        taken += take_markers(value, f'{path}/{key}'.lstrip('/'))
    return taken


def allowed_class(difference):
    """The class that lets this difference through, or None."""
    path = pattern(difference['path'])
    name = CLASS_OF.get(path)
    if name is None or 'before' not in difference or 'after' not in difference:
        return None
    before, after = difference['before'], difference['after']
    if before is None and path in FROM_NOTHING and isinstance(after, str) and after:
        return name
    # an id stays an id and a time a time: neither disappears nor changes its type
    return name if type(before) is type(after) and before and after else None


def count(document):
    if isinstance(document, (dict, list)):
        values = document.values() if isinstance(document, dict) else document
        return sum(count(v) for v in values) if document else 1
    return 1


def compare(before, after, mapping, home, away):
    """Two documents of `portable.vm`: {'compared', 'allowed': [...], 'differences': [...]}"""
    expected, allowed = translate(before, mapping, home, away)
    expected, found = json.loads(json.dumps(expected)), json.loads(json.dumps(after))
    take_markers(expected)
    allowed += take_markers(found)
    differences = []
    for difference in truth.diff(expected, found):
        difference = dict(difference, path=difference['path'].lstrip('/'))
        name = allowed_class(difference)
        if name:
            allowed.append(dict(difference, **{'class': name}))
        else:
            differences.append(difference)
    return {'compared': count(expected), 'allowed': allowed, 'differences': differences}


def counterpart(before, after, away, name):
    """The VM of that name at the other site that was not there before. There must be one."""
    new = [i for i, s in after['sites'][away]['servers'].items()
           if s['name'] == name and i not in before['sites'][away]['servers']]
    if len(new) != 1:
        raise portable.NotThere(f'{name} at {away}: {len(new)} new VMs of that name')
    return new[0]


def report(before, after, servers, mapping, home, away):
    """`servers`: name → id at `home` of the VMs to compare. `before` tells how they were there,
    `after` what is at `away`; a VM without a counterpart is a difference, too."""
    vms = []
    for name, server in servers.items():
        entry = {'name': name, 'source': {'site': home, 'server': server}}
        try:
            there = counterpart(before, after, away, name)
            entry['target'] = {'site': away, 'server': there}
            entry.update(compare(portable.vm(before, home, server),
                                 portable.vm(after, away, there), mapping, home, away))
        except portable.NotThere as e:
            entry.update(compared=0, allowed=[], differences=[{'path': '', 'missing': str(e)}])
        vms.append(entry)
    return {'microversions': {'compute': COMPUTE, 'volume': VOLUME}, 'vms': vms,
            'faithful': all(not vm['differences'] for vm in vms)}


def lines(told):
    """The differences of a report, one line each."""
    return [f'{vm["name"]}: {d["path"]}: ' + (d['missing'] if 'missing' in d else
            f'{d.get("before", "(not there)")!r} became {d.get("after", "(not there)")!r}')
            for vm in told['vms'] for d in vm['differences']]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('before')
    parser.add_argument('after')
    parser.add_argument('--home', required=True)
    parser.add_argument('--away', required=True)
    asked = parser.parse_args()
    with open(asked.before, encoding='utf-8') as b, open(asked.after, encoding='utf-8') as a:
        before, after = json.load(b), json.load(a)
    wanted = {vm['name'] for vm in world.VMS}
    servers = {s['name']: i for i, s in before['sites'][asked.home]['servers'].items()
               if s['name'] in wanted}
    told = report(before, after, servers, world.mappings(asked.home, asked.away), asked.home,
                  asked.away)
    json.dump(told, sys.stdout, indent=1)
    return 0 if told['faithful'] else 1


if __name__ == '__main__':
    sys.exit(main())
