"""Space figures: the fields a client reads, worked out from provisioned sizes."""


def space(provisioned, used=0):
    """An array's or object's `space`; sizes in bytes."""
    return {'data_reduction': 4.0, 'footprint': used, 'shared': 0, 'snapshots': 0, 'system': 0,
            'thin_provisioning': 0.5, 'total_physical': used, 'total_provisioned': provisioned,
            'total_reduction': 5.0, 'total_used': used, 'unique': used,
            'used_provisioned': provisioned, 'virtual': used}
