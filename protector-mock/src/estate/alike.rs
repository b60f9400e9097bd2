//! Many servers that are alike. Some are made by requests; what they have left in the world is the pattern of the others, which
//! differ in what is a server's own: names, ids, addresses, numbers.

mod pattern;
mod stamp;

use super::servers::Builder;
use super::{EstateError, Servers};
use crate::compute::alike::loads;
use pattern::Pattern;
use std::collections::BTreeMap;

/// So many names are made records at once.
const AT_ONCE: usize = 500;

/// Makes all servers that are like one; tells how many of them by no request.
pub(super) fn build(builder: &Builder<'_>, like: &Servers) -> Result<usize, EstateError> {
    let site = builder.site();
    let hosts = site.world.transact(|transaction| loads(transaction, &site.name))?.len();
    // The first server of a host brings along what is the host's own, the second one does not.
    let by_requests = u32::try_from(2 * hosts).unwrap_or(u32::MAX).min(like.count);
    let mut patterns: BTreeMap<String, Pattern> = BTreeMap::new();
    for number in 1..=by_requests {
        let name = like.name_of(number);
        let before = pattern::look(site)?;
        builder.build_one(&name, like)?;
        if let Some(pattern) = Pattern::left(site, &name, &before)? {
            patterns.insert(pattern.host.clone(), pattern);
        }
    }
    // There is something that nobody knows how to make another of.
    if patterns.len() < hosts {
        builder.build_all(like, by_requests + 1..=like.count)?;
        return Ok(0);
    }
    let last = patterns.values().map(|pattern| pattern.begun).max().unwrap_or_default();
    for pattern in patterns.values_mut() {
        pattern.cut(last);
    }
    let names: Vec<String> = (by_requests + 1..=like.count).map(|number| like.name_of(number)).collect();
    let mut stamp = stamp::Stamp::new(site, &patterns, names.len() as u64)?;
    for names in names.chunks(AT_ONCE) {
        stamp.make(names)?;
    }
    stamp.end()?;
    Ok(names.len())
}
