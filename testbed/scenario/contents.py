"""What the volumes hold: written, read and compared on the arrays themselves. This file plays the
guests of the scenario, whether or not they run: what counts is what the array holds at the stop."""
import uuid

EXTENTS = 4


def array_name(volume):
    """The name that Cinder's Pure driver gives a volume on the array."""
    return f'volume-{volume}-cinder'


class Contents:
    """Of the volumes of one estate."""

    def __init__(self, bed):
        self.bed = bed

    def write(self, site, volumes, label):
        """Writes random content that tells, in a failure, when it was written. Returns
        {volume: what it then holds}."""
        array = self.bed.array_of(site)
        return {v: array.write(array_name(v), {
            str(n): f'{label}/{uuid.uuid4().hex}' for n in range(EXTENTS)}) for v in volumes}

    def read(self, site, volumes):
        array = self.bed.array_of(site)
        return {v: array.content(array_name(v)) for v in volumes}

    def differences(self, expected, site, volumes):
        """`expected`: contents in the order of `volumes` at `site`. Sentences for what differs;
        a label tells from which moment the wrong content is."""
        found = []
        for wanted, volume, held in zip(expected, volumes, self.read(site, volumes).values(),
                                        strict=True):
            if held != wanted:
                found.append(f'{site}: {array_name(volume)} holds {labels(held)}, '
                             f'wanted {labels(wanted)}')
        return found

    def kept(self, site, volume, extents):
        """Whether a living snapshot on the site's array still has this content of this volume:
        nothing that held data may be overwritten without one."""
        name = array_name(volume)
        return any(s['extents'] == extents and not s['destroyed']
                   and s['source']['name'].split(':')[-1] == name
                   for s in self.bed.array_of(site).state()['snapshots'].values())


def labels(extents):
    """The moments that a content is from."""
    return sorted({value.split('/')[0] for value in extents.values()}) or ['nothing']
