//! Texts that others wrote, without what looks like a secret: what a person's own program says goes into the record so.

/// Words that name a secret, in lower case.
const WORDS: [&str; 8] =
    ["password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "credential"];
/// What stands where something was left out.
pub const REDACTED: &str = "[redacted]";

/// The same text without what stands behind a word for a secret on its line (`token: …`, `--password …`, `SECRET=…`), and
/// without users and passwords in addresses.
pub fn redact(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn line(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let named = WORDS.iter().filter_map(|word| Some(lower.find(word)? + word.len())).min();
    // All of the rest: where a secret ends nobody knows.
    let rest = |from: usize| lower.get(from..).unwrap_or_default();
    let behind = named.and_then(|from| {
        let value = rest(from).find([':', '=', ' ', '\t'])?;
        Some(from + value + 1)
    });
    let kept = behind.filter(|from| !rest(*from).trim().is_empty()).and_then(|from| line.get(..from));
    match kept {
        Some(kept) => without_users(&format!("{kept}{REDACTED}")),
        None => without_users(line),
    }
}

/// `https://user:password@host` becomes `https://[redacted]@host`.
fn without_users(line: &str) -> String {
    let mut told = String::new();
    let mut left = line;
    while let Some((before, after)) = left.split_once("://") {
        told.push_str(before);
        told.push_str("://");
        let end = after.find(['/', ' ', '"', '\'']).unwrap_or(after.len());
        let (authority, rest) = after.split_at_checked(end).unwrap_or((after, ""));
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                told.push_str(REDACTED);
                told.push('@');
                told.push_str(host);
            }
            None => told.push_str(authority),
        }
        left = rest;
    }
    told.push_str(left);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_word_for_a_secret_is_not_told() {
        for (said, told) in [
            ("login --password hunter2 --user x", "login --password [redacted]"),
            ("API_TOKEN=abc.def", "API_TOKEN=[redacted]"),
            ("{\"secret\": \"s3\"}", "{\"secret\":[redacted]"),
            ("Authorization: Bearer x y", "Authorization:[redacted]"),
            (
                "see https://me:pw@dns.example/zone and http://plain/x",
                "see https://[redacted]@dns.example/zone and http://plain/x",
            ),
            ("one\ntwo token=3\nthree", "one\ntwo token=[redacted]\nthree"),
            ("moved the record", "moved the record"),
            ("the token", "the token"),
        ] {
            assert_eq!(redact(said), told);
        }
    }
}
