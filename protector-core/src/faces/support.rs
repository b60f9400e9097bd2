//! What somebody is shown who helps from outside: everything that tells what was done and why, and no secret. Pure.
//!
//! The configuration is told by the fields that are known to hold none; everything else is searched for what looks like one, and
//! for those that the configuration leads to.

use super::documents;
use crate::config::{ArrayConfig, Auth, CloudConfig, Config};
use crate::domain::{HookCall, ProtectionGroup};
use crate::engine::Event;
use crate::id::StepId;
use crate::protector::Report;
use crate::secret::{ExposeSecret, REDACTED, SecretString, redact};
use crate::transport::redacted;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a field is called that may hold a secret, or what a guest is made with.
const NAMES: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "credential",
    "user_data",
    "key_data",
    "admin_pass",
    "metadata",
];

/// A text that is as short as this is no secret, and stands in many others.
const SHORTEST: usize = 4;

/// `protector.yaml` and the clouds that it names, as they were understood. Of secrets it has where they are found.
pub fn configuration(config: &Config) -> Value {
    let protector = &config.protector;
    let sites = protector.sites.iter().map(|(name, site)| {
        let arrays = site.arrays.iter().map(|(name, array)| (name.to_string(), self::array(array)));
        let cloud = config.clouds.get(name).map(cloud);
        let told = json!({"cloud": site.cloud, "region": site.region, "store": site.store,
            "arrays": arrays.collect::<Map<_, _>>(), "clouds.yaml": cloud});
        (name.to_string(), told)
    });
    let (defaults, engine) = (&protector.defaults, &protector.engine);
    json!({
        "sites": sites.collect::<Map<_, _>>(),
        "encryption_key": protector.encryption_key.to_string(),
        "mappings": protector.mappings,
        "defaults": {"replication_interval": defaults.replication_interval.as_secs(),
            "retention": defaults.retention.as_secs(), "rpo_minutes": defaults.rpo_minutes,
            "group_type": defaults.group_type, "test_volume_type": defaults.test_volume_type,
            "test_time_to_live": defaults.test_time_to_live.as_secs()},
        "engine": {"poll_interval": engine.poll_interval.as_secs_f64(),
            "step_timeout": engine.step_timeout.as_secs_f64(), "retry_for": engine.retry_for.as_secs_f64()},
    })
}

fn array(array: &ArrayConfig) -> Value {
    json!({"driver": array.driver, "url": redacted(&array.url), "api_token": array.api_token.to_string(),
        "ca_certificate": array.ca_certificate, "verify": array.verify})
}

fn cloud(cloud: &CloudConfig) -> Value {
    let auth = match &cloud.auth {
        Auth::Password { user, .. } => json!({"type": "password", "user": format!("{user:?}")}),
        Auth::ApplicationCredential { .. } => json!({"type": "application_credential"}),
        Auth::Token { .. } => json!({"type": "token"}),
    };
    let overrides = cloud.endpoint_overrides.iter().map(|(service, url)| (service.clone(), redacted(url)));
    json!({"name": cloud.name, "auth_url": redacted(&cloud.auth_url), "auth": auth,
        "project": cloud.project.as_ref().map(|project| format!("{project:?}")), "region": cloud.region,
        "interface": cloud.interface.as_str(), "ca_certificate": cloud.tls.ca_certificate,
        "verify": cloud.tls.verify, "endpoint_overrides": overrides.collect::<BTreeMap<_, _>>(),
        "api_timeout": cloud.api_timeout.map(|timeout| timeout.as_secs_f64())})
}

/// What the configuration leads to and nobody may see. What cannot be read is no secret that could be told.
pub fn secrets(config: &Config) -> Vec<SecretString> {
    let clouds = config.clouds.values().map(|cloud| match &cloud.auth {
        Auth::Password { password, .. } => password.clone(),
        Auth::ApplicationCredential { secret, .. } => secret.clone(),
        Auth::Token { token } => token.clone(),
    });
    let arrays = config.protector.sites.values().flat_map(|site| site.arrays.values());
    let references = arrays.map(|array| &array.api_token).chain([&config.protector.encryption_key]);
    clouds.chain(references.filter_map(|reference| config.resolve_secret(reference).ok())).collect()
}

/// A group without what its hooks are given: of an address, an argument, nobody knows whether it is a secret.
pub fn group(group: &ProtectionGroup) -> Value {
    let mut shown = group.clone();
    for hook in &mut shown.policy.hooks {
        hook.run = match &hook.run {
            HookCall::Webhook(_) => HookCall::Webhook(REDACTED.to_owned()),
            HookCall::Command(line) => {
                let program = line.first().cloned();
                let arguments = line.iter().skip(1).map(|_| REDACTED.to_owned());
                HookCall::Command(program.into_iter().chain(arguments).collect())
            }
        };
    }
    documents::group(&shown)
}

/// What a group's hooks are given: each argument, and the address.
pub fn given_to_hooks(group: &ProtectionGroup) -> Vec<SecretString> {
    let given = group.policy.hooks.iter().flat_map(|hook| match &hook.run {
        HookCall::Webhook(address) => vec![address.clone()],
        HookCall::Command(line) => line.iter().skip(1).cloned().collect(),
    });
    given.map(SecretString::from).collect()
}

/// What an operation did so far: its report, and its journal as it is, but for what a person's own hooks have said.
pub fn operation(report: &Report, events: &[(Timestamp, Event)]) -> Value {
    let hooks: BTreeSet<&StepId> =
        report.steps.iter().filter(|step| step.kind == "run_hook").map(|step| &step.id).collect();
    let said = events.iter().filter_map(|(_, event)| match event {
        Event::StepDone { step, output } if hooks.contains(step) => {
            Some(output.get("output")?.as_str()?.to_owned())
        }
        Event::StepTroubled { step, trouble } | Event::StepFailed { step, trouble }
            if hooks.contains(step) =>
        {
            Some(trouble.message.clone())
        }
        _ => None,
    });
    let said: Vec<SecretString> = said.map(SecretString::from).collect();
    let events = events.iter().map(|(at, event)| json!({"at": at, "event": event}));
    without_secrets(json!({"report": report, "events": events.collect::<Value>()}), &said)
}

/// The same without fields that are called as secrets are, without what looks like one in its texts, and without these.
pub fn without_secrets(value: Value, secrets: &[SecretString]) -> Value {
    let named = |name: &str| {
        let name = name.to_ascii_lowercase();
        NAMES.iter().any(|secret| name.contains(secret))
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| match value {
                Value::Null | Value::Bool(_) => (name, value),
                _ if named(&name) => (name, json!(REDACTED)),
                value => (name, without_secrets(value, secrets)),
            });
            fields.collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(|item| without_secrets(item, secrets)).collect(),
        // These first: what looks like one may begin in the middle of one of them.
        Value::String(text) => json!(redact(&without_these(text, secrets))),
        other => other,
    }
}

/// The text of a document without these secrets, wherever they stand.
pub fn without_these(text: String, secrets: &[SecretString]) -> String {
    secrets.iter().map(|secret| secret.expose_secret().trim()).fold(text, |text, secret| {
        if secret.len() < SHORTEST { text } else { text.replace(secret, REDACTED) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_or_looks_like_a_secret_or_is_one_is_not_shown() {
        let secrets = [SecretString::from("hunter2".to_owned()), SecretString::from("on".to_owned())];
        let value = json!({
            "api_token": "a", "adminPassword": {"a": 1}, "user_data": "b", "token": null, "has_secret": true,
            "said": ["login --password c", "https://me:d@host/x", "it said hunter2", "on and on"],
        });
        let shown = json!({
            "api_token": REDACTED, "adminPassword": REDACTED, "user_data": REDACTED, "token": null,
            "has_secret": true,
            "said": [format!("login --password {REDACTED}"), format!("https://{REDACTED}@host/x"),
                format!("it said {REDACTED}"), "on and on"],
        });
        assert_eq!(without_secrets(value, &secrets), shown);
    }
}
