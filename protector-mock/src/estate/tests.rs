use super::*;
use crate::cloud::Release;
use crate::pair::{Pair, beginning};
use crate::world::{Newest, Pace, WorldError};
use serde_json::Value;
use std::collections::HashMap;

#[test]
fn the_example_can_be_read_and_has_something_in_it() {
    let example = Estate::example();
    assert_eq!(example.projects.len(), 1);
    let servers: u32 = example.projects[0].servers.iter().map(|servers| servers.count).sum();
    assert_eq!(servers, 5);
}

#[test]
fn a_misspelt_word_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("estate.yaml");
    std::fs::write(&path, "flavours: []\n").unwrap();
    let error = Estate::read(&path).unwrap_err().to_string();
    assert!(error.contains("flavours"), "{error}");
}

/// A record: its kind and whose it is, its id, what it says, its keys.
type Left = (String, String, Value, Vec<(String, String)>);

/// Everything that an estate leaves in a world, kind by kind and in the order in which it was made. Times, and what is drawn
/// for each one, are told by the order in which they first appear.
fn left_of(estate: &Estate, most: u32) -> (usize, Vec<Left>) {
    let clock = Arc::new(protector_core::time::SystemClock::new());
    let (pair, _) = Pair::in_memory(1, Release::default(), clock, None).unwrap();
    pair.world().set_pace(Pace::OnCommand).unwrap();
    let after_others = estate.build_with(&beginning::grounds(&pair), most).unwrap();
    let rows = pair.world().transact::<_, WorldError>(|at| at.rows_since(&Newest::default())).unwrap();
    let mut drawn = Drawn::default();
    let kept = rows.into_iter().filter(|row| row.kind != "identity.token");
    let left = kept.map(|row| {
        let mut document = serde_json::from_str(&row.document).unwrap();
        drawn.take_from(&mut document);
        let mut keys: Vec<_> = row.keys.into_iter().map(|(name, key)| (name, drawn.told(&key))).collect();
        keys.sort();
        (format!("{} of {}", row.kind, row.scope), drawn.told(&row.id), document, keys)
    });
    (after_others, left.collect())
}

/// What was drawn, by the order in which it first appears.
struct Drawn {
    pattern: regex::Regex,
    found: HashMap<String, usize>,
}

impl Default for Drawn {
    fn default() -> Self {
        let pattern = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|fa(:[0-9a-f]{2}){5}|r-[a-z0-9]{8}\
                       |[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z";
        Self { pattern: regex::Regex::new(pattern).unwrap(), found: HashMap::new() }
    }
}

impl Drawn {
    fn told(&mut self, text: &str) -> String {
        let found = &mut self.found;
        let told = self.pattern.replace_all(text, |all: &regex::Captures<'_>| {
            let token = &all[0];
            if token.ends_with('Z') {
                return "then".to_owned();
            }
            let next = found.len();
            let plain = token.trim_start_matches("req-").replace('-', "");
            format!("#{}", found.entry(plain).or_insert(next))
        });
        told.into_owned()
    }

    fn take_from(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.told(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.take_from(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.take_from(field)),
            _ => {}
        }
    }
}

#[test]
fn servers_made_after_others_are_what_requests_would_have_made() {
    let estate = Estate::parse(
        r"
compute_hosts: 3
flavors: [{name: small, vcpus: 1, ram: 512}]
volume_types: [{name: replicated, replicated: true}, {name: plain}]
projects:
- name: app
  users: [{name: owner, roles: [member]}]
  networks:
  - {name: front, subnet: front-subnet, cidr: 10.1.0.0/24}
  - {name: back, subnet: back-subnet, cidr: 10.2.0.0/24}
  security_groups: [{name: web, rules: [{protocol: tcp, ports: [443, 443]}]}]
  servers:
  - name: Web Server
    count: 11
    flavor: small
    networks: [front, back]
    security_groups: [default, web]
    metadata: {role: Web Server-7, 'name': Web Server-6}
    volumes: [{name: root, size: 10, type: replicated}, {name: data, size: 20, type: plain}]
  - {name: between, count: 2, flavor: small, volumes: [{name: root, size: 5}]}
  - {name: last, count: 8, flavor: small, networks: [back], volumes: [{name: root, size: 5, type: plain}]}
  - {name: there, site: site-b, count: 9, flavor: small, networks: [back], volumes: [{name: root, size: 5}]}
",
    )
    .unwrap();
    let (by_requests, after_others) = (left_of(&estate, u32::MAX), left_of(&estate, 3));
    assert_eq!((by_requests.0, after_others.0), (0, 11 + 8 + 9 - 3 * 6));
    let (by_requests, after_others) = (by_requests.1, after_others.1);
    for (one, other) in by_requests.iter().zip(&after_others) {
        assert_eq!(one, other);
    }
    assert_eq!(by_requests.len(), after_others.len());
    let servers = after_others.iter().filter(|(kind, ..)| kind.starts_with("compute.server "));
    assert_eq!(servers.count(), 11 + 2 + 8 + 9);
}

#[test]
fn more_volumes_than_a_host_is_shown_are_refused_with_what_helps() {
    let estate = Estate::parse(
        r"
flavors: [{name: small, vcpus: 1, ram: 512}]
projects:
- name: app
  users: [{name: owner, roles: [member]}]
  servers: [{name: many, count: 4200, flavor: small, volumes: [{name: root, size: 1}]}]
",
    )
    .unwrap();
    let clock = Arc::new(protector_core::time::SystemClock::new());
    let refused = Pair::in_memory(1, Release::default(), clock, Some(&estate)).unwrap_err();
    let told = protector_core::error::chain(&refused);
    assert!(told.contains("Connection limit reached") && told.contains("compute_hosts"), "{told}");
}
