"""`openstack protector`: site recovery in the `openstack` command."""

__version__ = "0.1.0"
