"""Nova's fake virt driver, made fit for a long-lived bed:

* the node's UUID is kept in state_path/compute_id (nova.virt.fake makes a new one in every
  process, and nova-compute then refuses to start a second time);
* instances survive a restart of nova-compute (taken up again from Nova's own record);
* each host has an iSCSI initiator name of its own (nova.virt.fake calls all of them 'fake', so
  that an array would see one and the same host everywhere).

Nova loads drivers from nova.virt only: `bed.py up` copies this file there.
"""
import uuid

from nova import exception
from nova.compute import power_state
from nova.virt import driver
from nova.virt import fake
from nova.virt import node


class TestbedDriver(fake.FakeDriver):
    """A hypervisor without guests."""

    get_nodenames_by_uuid = driver.ComputeDriver.get_nodenames_by_uuid

    def get_available_resource(self, nodename):
        resources = super().get_available_resource(nodename)
        resources['uuid'] = node.get_local_node_uuid()
        return resources

    def get_volume_connector(self, instance):
        connector = super().get_volume_connector(instance)
        connector.update({
            'initiator': f'iqn.1994-05.com.redhat:{self._host}',
            'system uuid': str(uuid.uuid5(uuid.NAMESPACE_DNS, self._host)),
            'multipath': True, 'platform': 'x86_64', 'os_type': 'linux',
            'do_local_attach': False})
        return connector

    def _adopt(self, instance):
        if instance.uuid not in self.instances:
            if instance.host != self._host or instance.power_state in (
                    None, power_state.NOSTATE):
                raise exception.InstanceNotFound(instance_id=instance.uuid)
            self.instances[instance.uuid] = fake.FakeInstance(
                instance.name, instance.power_state, instance.uuid)

    def get_info(self, instance, use_cache=True):
        self._adopt(instance)
        return super().get_info(instance, use_cache)

    def power_off(self, instance, timeout=0, retry_interval=0):
        self._adopt(instance)
        return super().power_off(instance, timeout, retry_interval)

    def power_on(self, context, instance, *args, **kwargs):
        self._adopt(instance)
        return super().power_on(context, instance, *args, **kwargs)
