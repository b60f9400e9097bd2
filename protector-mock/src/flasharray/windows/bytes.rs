//! GET /_bytes?volume=NAME or ?snapshot=NAME, and POST /_bytes?volume=NAME: what an initiator would read and write. From
//! &offset=N on, &length=N bytes, or all that there are.

use crate::arrays::content;
use crate::arrays::objects;
use crate::arrays::snapshots::Snapshot;
use crate::arrays::volumes::{self, Volume};
use crate::flasharray::{Denied, Parameters};
use crate::world::Transaction;

/// Nobody is given more at once: 64 MiB.
const LARGEST: u64 = 64 << 20;

pub(in crate::flasharray) fn read(
    transaction: &Transaction<'_>,
    array: &str,
    query: &Parameters,
) -> Result<Vec<u8>, Denied> {
    let (name, provisioned, held) = if let Some(name) = query.text("snapshot") {
        let found: Snapshot = objects::named(transaction, array, name)?;
        (found.name, found.provisioned, found.content)
    } else if let Some(name) = query.text("volume") {
        let found: Volume = objects::named(transaction, array, name)?;
        (found.name, found.provisioned, found.content)
    } else {
        return Err(Denied::bad("'volume' or 'snapshot' is required.", "/_bytes"));
    };
    let offset = query.number("offset")?.unwrap_or(0) as u64;
    let rest = provisioned.saturating_sub(offset);
    let length = query.number("length")?.map_or(rest, |length| length as u64);
    content::check_within(&name, provisioned, offset, length)?;
    if length > LARGEST {
        return Err(Denied::bad(format!("At most {LARGEST} bytes are read at once."), &name));
    }
    Ok(content::read(transaction, &held, offset, length)?)
}

pub(in crate::flasharray) fn write(
    transaction: &mut Transaction<'_>,
    array: &str,
    query: &Parameters,
    bytes: &[u8],
) -> Result<(), Denied> {
    let name = query.text("volume").ok_or_else(|| Denied::bad("'volume' is required.", "/_bytes"))?;
    let offset = query.number("offset")?.unwrap_or(0) as u64;
    Ok(volumes::write(transaction, array, name, offset, bytes)?)
}
