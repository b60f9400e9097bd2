"""The clouds that the clients see: an administrator, and `strangers`, a member of the project `strangers`."""
import os
import pathlib

import yaml

ADMINISTRATOR, TENANT = 'administrator', 'tenant'
NAME, PASSWORD = 'strangers', 'strangers-secret'


def write(folder, clouds, site):
    """Writes a clouds.yaml with both, made of the administrator's entry `site` in another, and lets the
    clients of this process read that one and nothing else."""
    administrator = yaml.safe_load(pathlib.Path(clouds).read_text())['clouds'][site]
    tenant = {**administrator, 'auth': {**administrator['auth'], 'username': NAME, 'password': PASSWORD,
                                        'project_name': NAME}}
    path = pathlib.Path(folder) / 'clouds.yaml'
    path.write_text(yaml.safe_dump({'clouds': {ADMINISTRATOR: administrator, TENANT: tenant}}))
    path.chmod(0o600)
    for variable in [name for name in os.environ if name.startswith('OS_')]:
        del os.environ[variable]
    os.environ['OS_CLIENT_CONFIG_FILE'] = str(path)
    return path
