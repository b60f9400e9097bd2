//! Values as Python writes them: the services put them into their sentences.

use serde_json::Value;

/// `repr(value)`.
pub fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => repr_text(text),
        Value::Array(values) => format!("[{}]", values.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}: {}", repr_text(name), repr(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// `str(value)`.
pub fn str(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr` of a string.
pub fn repr_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for character in text.chars() {
        match character {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            other if other == quote => written.extend(['\\', other]),
            other if other.is_ascii_control() => {
                let code = format!("\\x{:02x}", u32::from(other));
                written.push_str(&code);
            }
            other => written.push(other),
        }
    }
    written.push(quote);
    written
}

/// `repr` of a list of strings: `['a', 'b']`.
pub fn repr_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| repr_text(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_python_writes_them() {
        assert_eq!(
            repr(&json!({"a": [1, 1.5, true, null], "b": "it's"})),
            r#"{'a': [1, 1.5, True, None], 'b': "it's"}"#
        );
        assert_eq!(repr_text("both ' and \"\n"), r#"'both \' and "\n'"#);
        assert_eq!((str(&json!("x")), str(&json!(false))), ("x".to_owned(), "False".to_owned()));
        assert_eq!(repr_texts(["a", "b"]), "['a', 'b']");
    }
}
