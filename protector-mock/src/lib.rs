//! Mock mode: two simulated OpenStack sites and two simulated arrays behind the same
//! [`StorageDriver`](https://docs.rs/protector-core) contract as real ones. Reserved: nothing is offered yet.
