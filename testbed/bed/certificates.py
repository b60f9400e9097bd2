"""TLS of the arrays: an authority, a server certificate from it, and one that has expired."""
from .processes import run

_TIMES = {'server': ('20200101000000Z', '20991231000000Z'),
          'expired': ('20200101000000Z', '20210101000000Z')}


def make(settings):
    """Once: authority.pem, server.pem and expired.pem, both of these with server.key."""
    folder, log = settings.work / 'tls', settings.log('certificates')
    if (folder / 'expired.pem').exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'extensions').write_text('subjectAltName=IP:127.0.0.1,DNS:localhost\n'
                                       'basicConstraints=critical,CA:FALSE\n'
                                       'extendedKeyUsage=serverAuth\n')
    (folder / 'index').write_text('')
    (folder / 'serial').write_text('1000\n')
    (folder / 'authority.conf').write_text(
        f'[ca]\ndefault_ca = own\n[own]\ndatabase = {folder}/index\nserial = {folder}/serial\n'
        f'new_certs_dir = {folder}\ndefault_md = sha256\npolicy = any\nunique_subject = no\n'
        '[any]\ncommonName = supplied\n')
    run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650',
         '-subj', '/CN=testbed authority', '-addext', 'keyUsage=critical,keyCertSign',
         '-keyout', folder / 'authority.key', '-out', folder / 'authority.pem'], log)
    run(['openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=127.0.0.1',
         '-keyout', folder / 'server.key', '-out', folder / 'server.request'], log)
    for name, (start, end) in _TIMES.items():
        run(['openssl', 'ca', '-batch', '-notext', '-config', folder / 'authority.conf',
             '-cert', folder / 'authority.pem', '-keyfile', folder / 'authority.key',
             '-in', folder / 'server.request', '-extfile', folder / 'extensions',
             '-startdate', start, '-enddate', end, '-out', folder / f'{name}.pem'], log)
