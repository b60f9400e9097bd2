use crate::cloud::{Fault, python};
use crate::network::addresses::{Prefix, Range};
use crate::network::faults;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// What a value has to be. Checks also bring values into the form that is stored, as Neutron's converters do.
// neutron_lib/api/validators/__init__.py and neutron_lib/api/converters.py, 2026.2
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::network) enum Check {
    /// Whatever it is.
    Anything,
    /// A text of at most so many characters.
    Text(usize),
    /// A text of at most so many characters, or `null`.
    TextOrNull(usize),
    /// A security group's name: not `default`.
    GroupName,
    /// A boolean, or what reads as one.
    Boolean,
    /// The same, or `null`.
    BooleanOrNull,
    /// A number, or what reads as one.
    Integer,
    /// A number that is not below 0.
    NonNegative,
    /// A number from -1.
    Limit,
    /// An id.
    Uuid,
    /// An id, or `null`.
    UuidOrNull,
    /// Ids, none twice.
    Uuids,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// One of these texts, or `null`.
    OneOfOrNull(&'static [&'static str]),
    /// 4 or 6.
    IpVersion,
    /// A MAC address.
    Mac,
    /// An address, or `null`.
    AddressOrNull,
    /// A prefix, or `null`.
    PrefixOrNull,
    /// Ranges with `start` and `end`.
    Pools,
    /// A port's addresses, each with `subnet_id` or `ip_address`.
    FixedIps,
    /// Addresses, none twice; `null` is none.
    Addresses,
    /// Routes with `destination` and `nexthop`; `null` is none.
    Routes,
    /// Pairs with `ip_address` and, if they like, `mac_address`; `null` is none.
    AddressPairs,
    /// An object, or `null`.
    ObjectOrNull,
    /// Texts, none twice.
    UniqueTexts,
    /// DHCP options with `opt_name` and `opt_value`.
    DhcpOptions,
    /// A router's gateway.
    Gateway,
}

/// Why a value is refused.
#[derive(Debug)]
pub(in crate::network) enum Refusal {
    /// A reason, which is told with the attribute's name.
    Reason(String),
    /// An error of its own.
    Fault(Box<Fault>),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl Refusal {
    /// What is answered.
    pub(in crate::network) fn fault(self, attribute: &str) -> Fault {
        match self {
            Self::Reason(reason) => {
                faults::refused_body(format!("Invalid input for {attribute}. Reason: {reason}."))
            }
            Self::Fault(fault) => *fault,
        }
    }
}

fn reason<T>(text: String) -> Result<T, Refusal> {
    Err(Refusal::Reason(text))
}

impl Check {
    /// The value as it is stored.
    pub(in crate::network) fn apply(self, value: &Value) -> Result<Value, Refusal> {
        match self {
            Self::Anything => Ok(value.clone()),
            Self::TextOrNull(_)
            | Self::BooleanOrNull
            | Self::UuidOrNull
            | Self::OneOfOrNull(_)
            | Self::AddressOrNull
            | Self::PrefixOrNull
            | Self::ObjectOrNull
            | Self::Gateway
                if value.is_null() =>
            {
                Ok(Value::Null)
            }
            Self::Addresses | Self::Routes | Self::AddressPairs | Self::Uuids | Self::DhcpOptions
                if value.is_null() =>
            {
                Ok(json!([]))
            }
            Self::Text(longest) | Self::TextOrNull(longest) => text(value, longest),
            Self::GroupName => group_name(value),
            Self::Boolean | Self::BooleanOrNull => boolean(value),
            Self::Integer => integer(value),
            Self::NonNegative => match integer(value)? {
                number if number.as_i64().is_some_and(|number| number < 0) => {
                    reason(format!("'{number}' should be non-negative"))
                }
                number => Ok(number),
            },
            Self::Limit => match integer(value)? {
                number if number.as_i64().is_some_and(|number| number < -1) => {
                    reason(format!("'{number}' is too small - must be at least '-1'"))
                }
                number => Ok(number),
            },
            Self::Uuid | Self::UuidOrNull => uuid_of(value).map(Value::String),
            Self::Uuids => list_of(value, |item| uuid_of(item).map(|_| ())),
            Self::UniqueTexts => list_of(value, |item| text(item, usize::MAX).map(|_| ())),
            Self::OneOf(known) | Self::OneOfOrNull(known) => {
                if value.as_str().is_some_and(|value| known.contains(&value)) {
                    Ok(value.clone())
                } else {
                    reason(format!("{} is not in valid_values", python::str(value)))
                }
            }
            Self::IpVersion => match integer(value)? {
                number if number == json!(4) || number == json!(6) => Ok(number),
                number => reason(format!("{number} is not in valid_values")),
            },
            Self::Mac => mac_of(value).map(Value::String),
            Self::AddressOrNull => address_of(value).map(|address| json!(address.to_string())),
            Self::PrefixOrNull => subnet(value),
            Self::Pools => pools(value),
            Self::FixedIps => fixed_ips(value),
            Self::Addresses => nameservers(value),
            Self::Routes => routes(value),
            Self::AddressPairs => address_pairs(value),
            Self::ObjectOrNull => object(value).map(|_| value.clone()),
            Self::DhcpOptions => dhcp_options(value),
            Self::Gateway => gateway(value),
        }
    }
}

fn text(value: &Value, longest: usize) -> Result<Value, Refusal> {
    match value.as_str() {
        None => reason(format!("'{}' is not a valid string", python::str(value))),
        Some(text) if text.chars().count() > longest => {
            reason(format!("'{text}' exceeds maximum length of {longest}"))
        }
        Some(_) => Ok(value.clone()),
    }
}

// neutron/extensions/securitygroup.py, _validate_name_not_default
fn group_name(value: &Value) -> Result<Value, Refusal> {
    let value = text(value, 255)?;
    if value.as_str().is_some_and(|name| name.eq_ignore_ascii_case("default")) {
        let message = "Default security group already exists.";
        return Err(faults::in_use("SecurityGroupDefaultAlreadyExists", message).into());
    }
    Ok(value)
}

// oslo_utils/strutils.py, bool_from_string
fn boolean(value: &Value) -> Result<Value, Refusal> {
    match python::str(value).trim().to_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Ok(json!(true)),
        "0" | "f" | "false" | "off" | "n" | "no" => Ok(json!(false)),
        _ => {
            Err(faults::invalid_input(format!("'{}' cannot be converted to boolean", python::str(value)))
                .into())
        }
    }
}

fn integer(value: &Value) -> Result<Value, Refusal> {
    let number = match value {
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .map(|number| json!(number))
        .ok_or_else(|| faults::invalid_input(format!("'{}' is not an integer", python::str(value))).into())
}

/// An id, as it was given.
pub(in crate::network) fn uuid_of(value: &Value) -> Result<String, Refusal> {
    let known = value.as_str().filter(|text| uuid::Uuid::try_parse(text).is_ok());
    known.map_or_else(
        || reason(format!("'{}' is not a valid UUID", python::str(value))),
        |text| Ok(text.to_owned()),
    )
}

fn list_of(value: &Value, item: impl Fn(&Value) -> Result<(), Refusal>) -> Result<Value, Refusal> {
    let Some(items) = value.as_array() else {
        return reason(format!("'{}' is not a list", python::str(value)));
    };
    let mut twice: Vec<&Value> = Vec::new();
    for (position, one) in items.iter().enumerate() {
        if items.iter().take(position).any(|earlier| earlier == one) && !twice.contains(&one) {
            twice.push(one);
        }
    }
    if !twice.is_empty() {
        let twice: Vec<String> = twice.into_iter().map(python::str).collect();
        return reason(format!("Duplicate items in the list: '{}'", twice.join(", ")));
    }
    items.iter().try_for_each(item)?;
    Ok(value.clone())
}

/// A MAC address: six bytes, with colons, dashes or nothing between them; stored in lower case with colons.
pub(in crate::network) fn mac_of(value: &Value) -> Result<String, Refusal> {
    let refused = || Refusal::Reason(format!("'{}' is not a valid MAC address", python::str(value)));
    let text = value.as_str().ok_or_else(refused)?;
    let bytes: Vec<&str> = match text.len() {
        17 if text.contains(':') => text.split(':').collect(),
        17 => text.split('-').collect(),
        _ => return Err(refused()),
    };
    let hexadecimal = |byte: &&str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    if bytes.len() != 6 || !bytes.iter().all(hexadecimal) {
        return Err(refused());
    }
    let mac = bytes.join(":").to_lowercase();
    if mac == "00:00:00:00:00:00" { Err(refused()) } else { Ok(mac) }
}

/// An address.
pub(in crate::network) fn address_of(value: &Value) -> Result<IpAddr, Refusal> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.map_or_else(|| reason(format!("'{}' is not a valid IP address", python::str(value))), Ok)
}

fn subnet(value: &Value) -> Result<Value, Refusal> {
    let known = value.as_str().filter(|text| text.contains('/'));
    let Some(prefix) = known.and_then(|text| text.parse::<Prefix>().ok()) else {
        // The converter comes before the validator, and both refuse.
        return match value.as_str() {
            Some(text) if text.parse::<Prefix>().is_err() => {
                Err(faults::invalid_input(format!("{text} is not in a CIDR format")).into())
            }
            _ => reason(format!("'{}' is not a valid IP subnet", python::str(value))),
        };
    };
    Ok(json!(prefix.to_string()))
}

fn object(value: &Value) -> Result<&Map<String, Value>, Refusal> {
    value.as_object().map_or_else(|| reason(format!("'{}' is not a dictionary", python::str(value))), Ok)
}

/// Python shows sets in no order; here they are sorted.
fn keys_of(entry: &Value, expected: &[&str]) -> Result<(), Refusal> {
    let quoted = |names: &mut dyn Iterator<Item = &str>| {
        let mut names: Vec<String> = names.map(|name| format!("'{name}'")).collect();
        names.sort();
        names.join(", ")
    };
    let Some(found) = entry.as_object() else {
        return reason(format!(
            "Invalid input. '{}' must be a dictionary with keys: [{}]",
            python::str(entry),
            quoted(&mut expected.iter().copied())
        ));
    };
    if found.len() == expected.len() && expected.iter().all(|name| found.contains_key(*name)) {
        return Ok(());
    }
    reason(format!(
        "Validation of dictionary's keys failed. Expected keys: {{{}}} Provided keys: {{{}}}",
        quoted(&mut expected.iter().copied()),
        quoted(&mut found.keys().map(String::as_str))
    ))
}

fn entry<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn pools(value: &Value) -> Result<Value, Refusal> {
    if value.is_null() {
        return Ok(json!([]));
    }
    let Some(items) = value.as_array() else {
        return Err(faults::invalid_input("Invalid data format for allocation pools").into());
    };
    if items.iter().any(|item| !item.is_object()) {
        return Err(faults::invalid_input("Invalid data format for allocation pools").into());
    }
    let pool = |item: &Value| {
        keys_of(item, &["start", "end"])?;
        let (start, end) = (address_of(entry(item, "start"))?, address_of(entry(item, "end"))?);
        if Range::between(start, end).is_none() {
            let message = format!("The allocation pool {start}-{end} is not valid.");
            return Err(Fault::bad_request(message).of_kind("InvalidAllocationPool").into());
        }
        Ok(json!({"start": start.to_string(), "end": end.to_string()}))
    };
    Ok(Value::Array(items.iter().map(pool).collect::<Result<_, Refusal>>()?))
}

fn fixed_ips(value: &Value) -> Result<Value, Refusal> {
    let wrong = |value: &Value| reason(format!("Invalid data format for fixed IP: '{}'", python::str(value)));
    let Some(items) = value.as_array() else { return wrong(value) };
    let mut seen: Vec<String> = Vec::new();
    let mut checked = Vec::new();
    for item in items {
        let Some(given) = item.as_object() else { return wrong(item) };
        let mut kept = Map::new();
        if let Some(address) = given.get("ip_address") {
            if seen.contains(&python::str(address)) {
                return reason(format!("Duplicate IP address '{}'", python::str(address)));
            }
            kept.insert("ip_address".to_owned(), json!(address_of(address)?.to_string()));
            seen.push(python::str(address));
        }
        if let Some(subnet) = given.get("subnet_id") {
            kept.insert("subnet_id".to_owned(), json!(uuid_of(subnet)?));
        }
        checked.push(Value::Object(kept));
    }
    Ok(Value::Array(checked))
}

fn nameservers(value: &Value) -> Result<Value, Refusal> {
    let Some(items) = value.as_array() else {
        return reason(format!("Invalid data format for nameserver: '{}'", python::str(value)));
    };
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        let host = match address_of(item) {
            Ok(host) => host.to_string(),
            Err(Refusal::Reason(why)) => {
                return reason(format!("'{}' is not a valid nameserver. {why}", python::str(item)));
            }
            Err(other) => return Err(other),
        };
        if seen.contains(&host) {
            return reason(format!("Duplicate nameserver '{host}'"));
        }
        seen.push(host);
    }
    Ok(json!(seen))
}

fn routes(value: &Value) -> Result<Value, Refusal> {
    let Some(items) = value.as_array() else {
        return reason(format!("Invalid data format for hostroute: '{}'", python::str(value)));
    };
    for (position, item) in items.iter().enumerate() {
        keys_of(item, &["destination", "nexthop"])?;
        let destination = entry(item, "destination");
        let prefix =
            destination.as_str().filter(|text| text.contains('/')).and_then(|text| text.parse().ok());
        if !prefix.is_some_and(Prefix::is_network) {
            return reason(format!("'{}' is not a valid CIDR", python::str(destination)));
        }
        if prefix.is_some_and(Prefix::is_loopback) {
            return reason(format!("'{}' is not a routable CIDR", python::str(destination)));
        }
        address_of(entry(item, "nexthop"))?;
        if items.iter().take(position).any(|earlier| earlier == item) {
            return reason(format!("Duplicate hostroute '{}'", python::str(item)));
        }
    }
    Ok(value.clone())
}

/// So many pairs a port may have: `max_allowed_address_pair`.
const MOST_PAIRS: usize = 10;

// neutron_lib/api/validators/allowedaddresspairs.py
fn address_pairs(value: &Value) -> Result<Value, Refusal> {
    let Some(items) = value.as_array() else {
        return Err(faults::refused_body("Allowed address pairs must be a list.").into());
    };
    if items.len() > MOST_PAIRS {
        let message = format!("The number of allowed address pair exceeds the maximum {MOST_PAIRS}.");
        return Err(Fault::bad_request(message).of_kind("AllowedAddressPairExhausted").into());
    }
    let mut seen: Vec<(Value, Value)> = Vec::new();
    for item in items {
        let given = object(item)?;
        if let Some(mac) = given.get("mac_address")
            && let Err(Refusal::Reason(why)) = mac_of(mac)
        {
            return Err(faults::refused_body(why).into());
        }
        let Some(address) = given.get("ip_address") else {
            let message = "AllowedAddressPair must contain ip_address";
            return Err(Fault::bad_request(message).of_kind("AllowedAddressPairsMissingIP").into());
        };
        let pair = (entry(item, "mac_address").clone(), address.clone());
        if seen.contains(&pair) {
            let message = format!(
                "Request contains duplicate address pair: mac_address {} ip_address {}.",
                python::str(&pair.0),
                python::str(&pair.1)
            );
            return Err(Fault::bad_request(message).of_kind("DuplicateAddressPairInRequest").into());
        }
        seen.push(pair);
        let known = |name: &str| matches!(name, "mac_address" | "ip_address");
        let unknown: Vec<&str> = given.keys().map(String::as_str).filter(|name| !known(name)).collect();
        if !unknown.is_empty() {
            let message = format!("Unrecognized attribute(s) '{}'", unknown.join(", "));
            return Err(faults::refused_body(message).into());
        }
        let parsed = address.as_str().is_some_and(|text| text.parse::<Prefix>().is_ok());
        if !parsed {
            let message = format!(
                "'{0}' is neither a valid IP address, nor is it a valid IP subnet",
                python::str(address)
            );
            return Err(faults::refused_body(message).into());
        }
    }
    Ok(value.clone())
}

// neutron_lib/api/definitions/extra_dhcp_opt.py
fn dhcp_options(value: &Value) -> Result<Value, Refusal> {
    let Some(items) = value.as_array() else {
        return reason(format!("Invalid data format for dict: '{}'", python::str(value)));
    };
    let mut checked = Vec::new();
    for item in items {
        let given = object(item)?;
        let name = given.get("opt_name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
        let (Some(name), Some(option)) = (name, given.get("opt_value")) else {
            return reason(format!("No valid key specs matched in: '{}'", python::str(item)));
        };
        let version =
            given.get("ip_version").map_or(Ok(json!(4)), |version| Check::IpVersion.apply(version))?;
        checked.push(json!({"opt_name": name, "opt_value": option, "ip_version": version}));
    }
    Ok(Value::Array(checked))
}

// neutron_lib/api/definitions/l3_ext_gw_mode.py
fn gateway(value: &Value) -> Result<Value, Refusal> {
    let given = object(value)?;
    if given.is_empty() {
        return Ok(Value::Null);
    }
    let Some(network) = given.get("network_id") else {
        return reason(format!(
            "Validation of dictionary's keys failed. Expected keys: {{'network_id'}} Provided keys: {{{}}}",
            given.keys().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
        ));
    };
    let known = |name: &str| matches!(name, "network_id" | "enable_snat" | "external_fixed_ips");
    let unknown: Vec<&str> = given.keys().map(String::as_str).filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        return reason(format!("Unexpected keys supplied: {}", unknown.join(", ")));
    }
    let mut checked = Map::new();
    if !network.is_null() {
        checked.insert("network_id".to_owned(), json!(uuid_of(network)?));
    }
    if let Some(addresses) = given.get("external_fixed_ips") {
        checked.insert("external_fixed_ips".to_owned(), fixed_ips(addresses)?);
    }
    if let Some(snat) = given.get("enable_snat") {
        checked.insert("enable_snat".to_owned(), boolean(snat)?);
    }
    Ok(Value::Object(checked))
}
