"""MariaDB and RabbitMQ: one of each, shared by the sites (databases and virtual hosts apart)."""
import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess

from .processes import Program, environment, run
from .settings import PASSWORD
from .waiting import wait_for

_NODE = 'testbed@localhost'


def configure(settings):
    """The servers' files. RabbitMQ's users and hosts come from a definitions file, so that
    rabbitmqctl, which is slow, is not needed."""
    data = settings.work / 'mariadb'
    data.mkdir(parents=True, exist_ok=True)
    (data / 'my.cnf').write_text(f"""[mariadbd]
user = {'root' if not os.geteuid() else os.environ.get('USER', '')}
datadir = {data}/data
socket = {data}/mysql.sock
pid-file = {data}/mariadbd.pid
bind-address = 127.0.0.1
port = {settings.database_port}
skip-name-resolve
max_connections = 600
innodb_buffer_pool_size = 256M
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
innodb_log_file_size = 64M
sync_binlog = 0
skip-log-bin
character-set-server = utf8mb3
performance_schema = off
""")
    queue, salt = settings.work / 'rabbitmq', b'salt'
    queue.mkdir(parents=True, exist_ok=True)
    password = base64.b64encode(salt + hashlib.sha256(salt + PASSWORD.encode()).digest())
    (queue / 'definitions.json').write_text(json.dumps({
        'users': [{'name': 'testbed', 'password_hash': password.decode(),
                   'hashing_algorithm': 'rabbit_password_hashing_sha256',
                   'tags': 'administrator'}],
        'vhosts': [{'name': s} for s in settings.sites],
        'permissions': [{'user': 'testbed', 'vhost': s, 'configure': '.*', 'write': '.*',
                         'read': '.*'} for s in settings.sites]}))
    (queue / 'rabbitmq.conf').write_text(f"""listeners.tcp.1 = 127.0.0.1:{settings.queue_port}
load_definitions = {queue}/definitions.json
log.console = true
log.console.level = warning
vm_memory_high_watermark.absolute = 1GB
""")
    (queue / 'enabled_plugins').write_text('[].\n')
    cookie = queue / '.erlang.cookie'
    if not cookie.exists():
        cookie.write_text('TESTBED')
        cookie.chmod(0o400)


def programs(settings):
    queue, (epmd, distribution) = settings.work / 'rabbitmq', settings.erlang_ports
    return [
        Program('mariadb', ['mariadbd', f'--defaults-file={settings.work}/mariadb/my.cnf'],
                settings.work, stage=0),
        Program('rabbitmq', ['/usr/lib/rabbitmq/bin/rabbitmq-server'], settings.work, {
            'HOME': str(queue), 'RABBITMQ_NODENAME': _NODE,
            'RABBITMQ_MNESIA_BASE': str(queue / 'mnesia'),
            'RABBITMQ_LOG_BASE': str(queue / 'log'), 'RABBITMQ_LOGS': '-',
            'RABBITMQ_CONFIG_FILE': str(queue / 'rabbitmq'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(queue / 'enabled_plugins'),
            'RABBITMQ_PID_FILE': str(queue / 'pid'), 'ERL_EPMD_PORT': str(epmd),
            'ERL_EPMD_ADDRESS': '127.0.0.1', 'RABBITMQ_DIST_PORT': str(distribution),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS':
                '-kernel inet_dist_use_interface {127,0,0,1}'
                ' +sbwt none +sbwtdcpu none +sbwtdio none'}, stage=0)]


def listens(port):
    """Whether something accepts connections there."""
    with socket.create_connection(('127.0.0.1', port), 2):
        return True


def start(settings):
    """Starts both and waits until they accept connections."""
    if not (settings.work / 'mariadb/data/mysql').is_dir():
        run(['mariadb-install-db', f'--defaults-file={settings.work}/mariadb/my.cnf',
             '--auth-root-authentication-method=normal', '--skip-test-db'],
            settings.log('mariadb-install'))
    database, queue = programs(settings)
    for program in (database, queue):
        program.start()
    wait_for('MariaDB to listen', lambda: listens(settings.database_port), 60, [database])
    wait_for('RabbitMQ to listen', lambda: listens(settings.queue_port), 90, [queue])


def stop_port_mapper(settings):
    """Ends epmd, which RabbitMQ has started on our own port and which outlives it."""
    if shutil.which('epmd'):
        subprocess.run(['epmd', '-kill'], check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=environment(
                           {'ERL_EPMD_PORT': str(settings.erlang_ports[0]),
                            'ERL_EPMD_ADDRESS': '127.0.0.1'}))


def sql(settings, text, log='sql'):
    """Runs statements as the database server's root, through its socket."""
    run(['mariadb', '--no-defaults', '-S', settings.work / 'mariadb/mysql.sock', '-u', 'root'],
        settings.log(log), given=text.encode())
