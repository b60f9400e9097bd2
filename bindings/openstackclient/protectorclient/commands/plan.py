"""`openstack protector plan show …`: every step that an operation would take; nothing is touched."""

from protectorclient.commands import protection_group


class _Planned:
    planned_only = True


class ShowCreate(_Planned, protection_group.Create):
    """Shows every step of protecting VMs, and touches nothing"""


class ShowDelete(_Planned, protection_group.Delete):
    """Shows every step of ending a protection, and touches nothing"""


class ShowFailover(_Planned, protection_group.Failover):
    """Shows every step of a failover, and touches nothing"""


class ShowFailback(_Planned, protection_group.Failback):
    """Shows every step of a failback, and touches nothing"""


class ShowTestFailover(_Planned, protection_group.TestFailover):
    """Shows every step of a test, and touches nothing"""


class ShowTestCleanup(_Planned, protection_group.TestCleanup):
    """Shows every step of ending a test, and touches nothing"""


class ShowSync(_Planned, protection_group.Sync):
    """Shows every step of replicating now, and touches nothing"""


class ShowReprotect(_Planned, protection_group.Reprotect):
    """Shows every step of reprotecting a group, and touches nothing"""


class ShowCommit(_Planned, protection_group.Commit):
    """Shows every step of letting go of safety copies, and touches nothing"""


class ShowUndo(_Planned, protection_group.Undo):
    """Shows every step of taking a move back, and touches nothing"""


class ShowSet(_Planned, protection_group.Set):
    """Shows every step of another replication policy, and touches nothing"""


class ShowAddMember(_Planned, protection_group.AddMember):
    """Shows every step of taking VMs in, and touches nothing"""


class ShowRemoveMember(_Planned, protection_group.RemoveMember):
    """Shows every step of taking VMs out, and touches nothing"""
