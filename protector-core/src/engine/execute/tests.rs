//! The executor on a plan of a failover's shape, in a world that checks every call against the journal.

mod crash;
mod failure;
mod journal;
mod journal_failure;
mod lanes;
mod limits;
mod release;
mod rollback;
mod scene;
mod stop;
mod waits;
mod world;
