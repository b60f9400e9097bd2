use super::{ArrayAnswer, ArraySeen, Check, CheckKind, SiteObservation, Unseen};
use crate::id::ArrayName;

/// What is known of one direction between two arrays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Connected,
    Broken,
    None,
    Unknown,
}

impl SiteObservation {
    pub(super) fn check_arrays(&self) -> Vec<Check> {
        self.arrays.iter().map(array).collect()
    }

    /// Each of the site's arrays against each of the other site's, in both directions: data comes back the other way.
    pub(super) fn check_pairing(&self) -> Vec<Check> {
        let pairs = |one: &ArraySeen| {
            let others = self.other_arrays.iter();
            others.map(|other| (direction(one, other), direction(other, one))).collect::<Vec<_>>()
        };
        let mut checks = Vec::new();
        for one in &self.arrays {
            let both_ways =
                |pair: &(Direction, Direction)| *pair == (Direction::Connected, Direction::Connected);
            let has_partner = pairs(one).iter().any(both_ways);
            for (other, (there, back)) in self.other_arrays.iter().zip(pairs(one)) {
                checks.push(pairing(one, other, (there, back), has_partner));
            }
        }
        checks
    }
}

fn array(seen: &ArraySeen) -> Check {
    let (kind, subject) = (CheckKind::Array, format!("array {}", seen.name));
    let ArrayAnswer { name, version, peers } = match &seen.answer {
        Ok(answer) => answer,
        Err(Unseen::Forbidden) => {
            let remedy = "give protector's array user a token that may read and change the array";
            return Check::failed(kind, subject, "it refuses the token", remedy);
        }
        Err(Unseen::Failed(reason)) => {
            let remedy = "see that the array is up, that its url in protector.yaml leads to its management interface and \
                          that the token is valid";
            return Check::failed(kind, subject, reason, remedy);
        }
    };
    if *name != seen.name {
        return Check::failed(
            kind,
            subject,
            format!("it calls itself {name}"),
            "give it that name in protector.yaml, or correct its url: peers and recovery points know it by its own name",
        );
    }
    if !seen.lacking.is_empty() {
        let told = format!("version {version}; its driver lacks: {}", seen.lacking.join(", "));
        return Check::failed(kind, subject, told, "use a driver, or a release of the array, that can do it");
    }
    let peers: Vec<String> = peers
        .iter()
        .map(
            |(peer, connected)| if *connected { peer.to_string() } else { format!("{peer} (not connected)") },
        )
        .collect();
    let known = if peers.is_empty() { "none".to_owned() } else { peers.join(", ") };
    Check::ok(kind, subject, format!("version {version}; replicates to: {known}"))
}

fn direction(from: &ArraySeen, to: &ArraySeen) -> Direction {
    let Ok(answer) = &from.answer else { return Direction::Unknown };
    match answer.peers.iter().find(|(peer, _)| *peer == to.name) {
        Some((_, true)) => Direction::Connected,
        Some((_, false)) => Direction::Broken,
        None => Direction::None,
    }
}

fn pairing(
    one: &ArraySeen,
    other: &ArraySeen,
    (there, back): (Direction, Direction),
    has_partner: bool,
) -> Check {
    let (kind, subject) = (CheckKind::Pairing, format!("arrays {} and {}", one.name, other.name));
    let told = |from: &ArrayName, to: &ArrayName, direction| match direction {
        Direction::Connected => format!("{from} is connected to {to}"),
        Direction::Broken => format!("{from} knows {to} and is not connected to it"),
        Direction::None => format!("{from} does not know {to}"),
        Direction::Unknown => format!("{from} was not to be asked"),
    };
    let seen = format!("{}; {}", told(&one.name, &other.name, there), told(&other.name, &one.name, back));
    let remedy = "connect the two arrays for asynchronous replication, each to the other";
    match (there, back) {
        (Direction::Connected, Direction::Connected) => Check::ok(kind, subject, seen),
        // An array may have a partner elsewhere.
        (Direction::None, Direction::None) if has_partner => {
            let remedy = "nothing, if groups are not to move between these two; otherwise connect them, each to the other";
            Check::warning(kind, subject, seen, remedy)
        }
        (Direction::Unknown, Direction::Unknown | Direction::Connected)
        | (Direction::Connected, Direction::Unknown) => {
            Check::warning(kind, subject, seen, "make both arrays answer this host, then look again")
        }
        _ => Check::failed(kind, subject, seen, remedy),
    }
}
