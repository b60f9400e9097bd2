"""Makes the comparator's fixture from a real snapshot: a few VMs of the home site with what they
refer to; ids, addresses of services and the fixed host names are replaced, one for one.

    python truth.py --bed bed.json | python record.py site-a > fixtures/home.json
"""
import hashlib
import json
import re
import sys

KEPT = ('app-web', 'app-batch', 'app-node')
UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
HEX = re.compile(r'\b[0-9a-f]{32}\b|\b[0-9a-f]{56}\b')


def invented(found):
    """Another id of the same shape, the same each time."""
    digest = hashlib.sha512(found.group(0).encode()).hexdigest()
    if '-' in found.group(0):
        return '-'.join(digest[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
    return digest[:len(found.group(0))]


def cut(site):
    """Only the kept VMs and what they refer to."""
    servers = {i: s for i, s in site['servers'].items() if s['name'] in KEPT}
    volumes = {a['volumeId'] for s in servers.values() for a in s['attachments']}
    ports = {i['port_id'] for s in servers.values() for i in s['interfaces']}
    out = {kind: site[kind] for kind in ('networks', 'subnets', 'security_groups',
                                         'server_groups', 'keypairs')}
    return dict(out, servers=servers,
                volumes={i: v for i, v in site['volumes'].items() if i in volumes},
                ports={i: p for i, p in site['ports'].items() if i in ports})


def main():
    site = sys.argv[1]
    text = json.dumps(cut(json.load(sys.stdin)['sites'][site]), indent=1, ensure_ascii=False)
    text = HEX.sub(invented, UUID.sub(invented, text))
    text = re.sub(r'http://[0-9.]+:\d+', 'http://cloud.example', text)
    json.dump({'sites': {site: json.loads(text)}}, sys.stdout, indent=1, ensure_ascii=False)


if __name__ == '__main__':
    main()
