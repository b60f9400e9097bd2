use super::super::EstateError;
use crate::cloud::Site;
use crate::world::{Newest, Row, WorldError};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// A moment, to tell later what has come since.
#[derive(Debug)]
pub(super) struct Before {
    newest: Newest,
    drawn: u64,
    now: Timestamp,
}

pub(super) fn look(site: &Site) -> Result<Before, EstateError> {
    site.world.transact(|transaction| {
        let (newest, drawn) = (transaction.newest()?, transaction.drawn()?);
        Ok(Before { newest, drawn, now: transaction.now() })
    })
}

/// What is a server's own, and another one's is different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Own {
    Name,
    Hostname,
    Number,
    Reservation,
    Request,
    /// What was drawn, as a UUID with and without hyphens.
    Uuid(usize),
    Plain(usize),
    /// By the port's place in the list.
    Mac(usize),
    /// By the port's place, and the address' among the port's.
    Address(usize, usize),
    /// By the volume's place.
    Serial(usize),
    Lowercase(usize),
    Lun(usize),
}

/// A text with places for what is a server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Own(Own),
}

/// A record of the pattern.
#[derive(Debug)]
pub(super) struct Mould {
    pub(super) kind: String,
    pub(super) scope: String,
    pub(super) id: Vec<Part>,
    pub(super) document: Vec<Part>,
    pub(super) keys: Vec<(String, Vec<Part>)>,
}

/// What requests have left of a server.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Where it runs.
    pub(super) host: String,
    /// The id of that host on the array, if it has volumes.
    pub(super) array_host: Option<String>,
    pub(super) moulds: Vec<Mould>,
    rows: Vec<(Row, Value)>,
    cutter: Cutter,
    /// How many draws are its own.
    pub(super) draws: usize,
    /// The ids of its volumes.
    pub(super) volumes: Vec<String>,
    /// The ids of what they are on the array.
    pub(super) array_volumes: Vec<String>,
    /// By port: its network, and the subnets of its addresses.
    pub(super) ports: Vec<(String, Vec<String>)>,
    /// When it was begun.
    pub(super) begun: Timestamp,
}

/// Fields of records that are times.
const TIMES: [&str; 8] =
    ["attached_at", "created", "created_at", "finished", "launched", "started", "updated", "updated_at"];

/// Knows where a record is to be cut.
#[derive(Debug, Default)]
struct Cutter {
    /// Texts that are the server's own wherever they stand.
    tokens: Vec<(String, Own)>,
    /// What is a server's own only where it stands: by kind, id and path.
    fields: BTreeMap<(String, String, String), Own>,
    /// By the keys that ports are found by.
    addresses: BTreeMap<String, Own>,
    /// By the numbers of the pattern's connections.
    luns: BTreeMap<String, Own>,
    name: String,
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn items<'v>(value: &'v Value, path: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

impl Pattern {
    /// What has come since, if it is one server and what belongs to it; `None` if there is something else.
    pub(super) fn left(site: &Site, name: &str, before: &Before) -> Result<Option<Self>, EstateError> {
        let (rows, drawn) = site.world.transact::<_, WorldError>(|transaction| {
            Ok((transaction.rows_since(&before.newest)?, transaction.drawn_since(before.drawn)?))
        })?;
        Ok(Self::of(rows, &drawn, name, before.now))
    }

    fn of(rows: Vec<Row>, drawn: &[[u8; 32]], name: &str, begun: Timestamp) -> Option<Self> {
        let read = |row: Row| {
            let document: Value = serde_json::from_str(&row.document).ok()?;
            Some((row, document))
        };
        // What was signed in and written down on the way is nobody's.
        let rows: Vec<(Row, Value)> =
            rows.into_iter().filter(|row| row.kind != "identity.token").map(read).collect::<Option<_>>()?;
        let mut cutter = Cutter { name: name.to_owned(), ..Cutter::default() };
        for (index, drawn) in drawn.iter().enumerate() {
            let uuid = uuid_of(drawn);
            cutter.tokens.push((uuid.to_string(), Own::Uuid(index)));
            cutter.tokens.push((uuid.simple().to_string(), Own::Plain(index)));
        }
        let mut pattern = Self {
            host: String::new(),
            array_host: None,
            moulds: Vec::new(),
            rows: Vec::new(),
            cutter: Cutter::default(),
            draws: drawn.len(),
            volumes: Vec::new(),
            array_volumes: Vec::new(),
            ports: Vec::new(),
            begun,
        };
        for (row, document) in &rows {
            if !pattern.notice(&mut cutter, row, document) {
                return None;
            }
        }
        (pattern.rows, pattern.cutter) = (rows, cutter);
        Some(pattern).filter(|pattern| !pattern.host.is_empty())
    }

    /// When the last of all patterns was begun: its copies are as old as that one.
    pub(super) fn cut(&mut self, last: Timestamp) {
        for (row, document) in &mut self.rows {
            later(document, last.duration_since(self.begun));
            let mut cut = Vec::new();
            self.cutter.value(row, "", "", document, &mut cut);
            let keys = row.keys.iter().map(|(name, value)| (name.clone(), self.cutter.key(name, value)));
            self.moulds.push(Mould {
                kind: row.kind.clone(),
                scope: row.scope.clone(),
                id: self.cutter.text(&row.id),
                document: cut,
                keys: keys.collect(),
            });
        }
    }

    /// Finds in a record what is the server's own; tells whether it is known what such a record is.
    fn notice(&mut self, cutter: &mut Cutter, row: &Row, document: &Value) -> bool {
        match row.kind.as_str() {
            "compute.server" if self.host.is_empty() => {
                text(document, "/host").clone_into(&mut self.host);
                cutter.mark(row, "/name", Own::Name);
                cutter.mark(row, "/hostname", Own::Hostname);
                cutter.mark(row, "/number", Own::Number);
                cutter.tokens.push((text(document, "/reservation").to_owned(), Own::Reservation));
            }
            "compute.action" => cutter.tokens.push((text(document, "/request").to_owned(), Own::Request)),
            "network.port" => self.notice_port(cutter, row, document),
            "block_storage.volume" => {
                self.volumes.push(row.id.clone());
                cutter.mark(row, "/name", Own::Name);
            }
            "array.volume" => {
                self.array_volumes.push(row.id.clone());
                let serial = text(document, "/serial").to_owned();
                let index = cutter.tokens.iter().filter(|(_, own)| matches!(own, Own::Serial(_))).count();
                cutter.tokens.push((serial.to_lowercase(), Own::Lowercase(index)));
                cutter.tokens.push((serial, Own::Serial(index)));
            }
            "array.connection" => {
                self.array_host = Some(text(document, "/host").to_owned());
                let number = document.pointer("/lun").map(ToString::to_string).unwrap_or_default();
                let own = Own::Lun(cutter.luns.len());
                cutter.mark(row, "/lun", own.clone());
                cutter.luns.insert(number, own);
            }
            "block_storage.attachment" | "array.tag" => {}
            _ => return false,
        }
        true
    }

    fn notice_port(&mut self, cutter: &mut Cutter, row: &Row, document: &Value) {
        let port = self.ports.len();
        cutter.tokens.push((text(document, "/mac_address").to_owned(), Own::Mac(port)));
        let mut subnets = Vec::new();
        for (index, ip) in items(document, "/fixed_ips").enumerate() {
            let (subnet, own) = (text(ip, "/subnet_id"), Own::Address(port, index));
            cutter.mark(row, &format!("/fixed_ips/{index}/ip_address"), own.clone());
            cutter.addresses.insert(format!("{subnet}/{}", text(ip, "/ip_address")), own);
            subnets.push(subnet.to_owned());
        }
        self.ports.push((text(document, "/network_id").to_owned(), subnets));
    }
}

pub(super) fn uuid_of(drawn: &[u8; 32]) -> uuid::Uuid {
    let bytes = drawn.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

impl Cutter {
    /// Notes what is the server's own in a record.
    fn mark(&mut self, row: &Row, path: &str, own: Own) {
        self.fields.insert((row.kind.clone(), row.id.clone(), path.to_owned()), own);
    }

    /// Cuts a text at what is the server's own.
    fn text(&self, mut rest: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let found = self
                .tokens
                .iter()
                .filter_map(|(token, own)| Some((rest.find(token.as_str())?, token.len(), own)))
                .filter(|(_, length, _)| *length > 0)
                .min_by_key(|(at, ..)| *at);
            let Some((at, length, own)) = found else { break };
            push(&mut parts, rest.get(..at).unwrap_or_default());
            parts.push(Part::Own(own.clone()));
            rest = rest.get(at + length..).unwrap_or_default();
        }
        push(&mut parts, rest);
        parts
    }

    fn key(&self, name: &str, value: &str) -> Vec<Part> {
        match (name, self.addresses.get(value), value.split_once('/')) {
            ("address", Some(own), Some((subnet, _))) => {
                vec![Part::Text(format!("{subnet}/")), Part::Own(own.clone())]
            }
            _ => self.text(value),
        }
    }

    /// Cuts a part of a record's JSON, and adds it.
    fn value(&self, row: &Row, path: &str, name: &str, value: &Value, cut: &mut Vec<Part>) {
        let own = self.fields.get(&(row.kind.clone(), row.id.clone(), path.to_owned()));
        match (value, own) {
            (Value::String(text), Some(Own::Name)) => match text.strip_prefix(&self.name) {
                Some(rest) => {
                    push(cut, "\"");
                    cut.push(Part::Own(Own::Name));
                    let rest = Value::from(rest).to_string();
                    push(cut, rest.get(1..).unwrap_or_default());
                }
                None => push(cut, &value.to_string()),
            },
            (Value::String(_), Some(own)) => {
                push(cut, "\"");
                cut.push(Part::Own(own.clone()));
                push(cut, "\"");
            }
            (_, Some(own)) => cut.push(Part::Own(own.clone())),
            (Value::Object(fields), None) => {
                for (index, (name, value)) in fields.iter().enumerate() {
                    push(cut, if index == 0 { "{" } else { "," });
                    push(cut, &Value::from(name.as_str()).to_string());
                    push(cut, ":");
                    self.value(row, &format!("{path}/{name}"), name, value, cut);
                }
                push(cut, if fields.is_empty() { "{}" } else { "}" });
            }
            (Value::Array(items), None) => {
                for (index, value) in items.iter().enumerate() {
                    push(cut, if index == 0 { "[" } else { "," });
                    self.value(row, &format!("{path}/{index}"), name, value, cut);
                }
                push(cut, if items.is_empty() { "[]" } else { "]" });
            }
            (Value::Number(number), None) if name == "target_luns" => {
                match self.luns.get(&number.to_string()) {
                    Some(own) => cut.push(Part::Own(own.clone())),
                    None => push(cut, &number.to_string()),
                }
            }
            (Value::String(_), None) => {
                for part in self.text(&value.to_string()) {
                    match part {
                        Part::Text(text) => push(cut, &text),
                        own @ Part::Own(_) => cut.push(own),
                    }
                }
            }
            (other, None) => push(cut, &other.to_string()),
        }
    }
}

fn push(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// Moves the times of a record.
fn later(document: &mut Value, by: SignedDuration) {
    for (name, value) in document.as_object_mut().into_iter().flatten() {
        if !TIMES.contains(&name.as_str()) {
            continue;
        }
        let moved = value.as_str().and_then(|text| text.parse::<Timestamp>().ok()?.checked_add(by).ok());
        if let Some(moved) = moved {
            *value = Value::from(moved.to_string());
        }
    }
}
