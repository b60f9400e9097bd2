"""What Purity accepts as a name. Names are case-insensitive and at most 63 characters."""
import re

from .refusal import Refused

_OBJECT = re.compile(r'[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?')
_GROUP = re.compile(r'[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?')
_SUFFIX = re.compile(r'(?=.*[A-Za-z-])[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?')


def base(name):
    """The name without its pod or volume group."""
    return name.split('::')[-1].split('/')[-1]


def pod(name):
    """The pod's name, or None."""
    return name.split('::')[0] if '::' in name else None


def volume_group(name):
    """The volume group's name (with its pod), or None."""
    return name.split('/')[0] if '/' in name else None


def check_object(noun, name):
    """Volumes, hosts, pods and volume groups; POD::NAME and VGROUP/NAME are checked by part."""
    for part in re.split(r'::|/', name):
        if not _OBJECT.fullmatch(part):
            raise Refused(f'{noun} name is invalid.', name)


def check_group(name):
    """Protection groups: no underscore."""
    for part in name.split('::'):
        if not _GROUP.fullmatch(part):
            raise Refused('Protection group name is invalid.', name)


def check_suffix(suffix):
    """A caller's snapshot suffix: not digits alone, these are the array's own."""
    if not _SUFFIX.fullmatch(suffix):
        raise Refused('Snapshot suffix is invalid.', suffix)
