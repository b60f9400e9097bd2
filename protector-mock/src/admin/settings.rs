use super::Refusal;
use crate::world::{World, WorldError};
use serde_json::{Map, Value, json};

/// Facts that are the world's own. Settings have a slash in their name: `duration/compute.server-built`.
fn is_setting(name: &str) -> bool {
    name.contains('/')
}

pub(super) fn shown(world: &World) -> Result<Value, WorldError> {
    let facts = world.transact::<_, WorldError>(|transaction| transaction.facts())?;
    let shown: Map<String, Value> = facts
        .into_iter()
        .filter(|(name, _)| is_setting(name))
        .map(|(name, value)| {
            let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
            let value = number.map_or_else(|| json!(value), |number| json!(number));
            (name, value)
        })
        .collect();
    Ok(json!({"settings": shown}))
}

pub(super) fn set(world: &World, body: &Value) -> Result<Value, Refusal> {
    let told = body.get("settings").unwrap_or(body);
    let settings = told.as_object().ok_or_else(|| Refusal::Bad("settings are an object".to_owned()))?;
    if let Some(name) = settings.keys().find(|name| !is_setting(name)) {
        return Err(Refusal::Bad(format!("{name:?} is no setting: their names are like duration/NAME")));
    }
    if let Some((name, _)) = settings.iter().find(|(_, value)| value.is_object() || value.is_array()) {
        return Err(Refusal::Bad(format!("the value of {name:?} is no number or text")));
    }
    world.transact::<_, WorldError>(|transaction| {
        settings.iter().try_for_each(|(name, value)| match value {
            Value::Null => transaction.remove_fact(name),
            Value::String(text) => transaction.set_fact(name, text),
            other => transaction.set_fact(name, &other.to_string()),
        })
    })?;
    Ok(shown(world)?)
}
