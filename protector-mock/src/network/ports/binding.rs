//! Binding: on which host a port is. As on the testbed, every host takes every port, and it is active at once.
// testbed/plugins/testbed_network.py and neutron/plugins/ml2/plugin.py (_process_port_binding)

use super::Port;
use jiff::Timestamp;

/// Neutron counts the host, the binding, and the status.
const CHANGES: u64 = 2;

/// Puts a port on a host, or takes it off its host if that is empty.
pub(in crate::network) fn to_host(port: &mut Port, host: &str, now: Timestamp) {
    if port.host_id == host {
        return;
    }
    host.clone_into(&mut port.host_id);
    let status = if host.is_empty() { "DOWN" } else { "ACTIVE" };
    status.clone_into(&mut port.status);
    port.standard.touch_times(now, CHANGES);
}
