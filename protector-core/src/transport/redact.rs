use url::Url;

/// An address fit for logs and errors: scheme, host, port and path; no user, no query, no fragment.
pub fn redacted(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}{}", url.scheme(), url.path()),
        None => format!("{}://{host}{}", url.scheme(), url.path()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_queries_are_left_out() {
        let url = Url::parse("https://user:secret@host:8774/v2.1/servers?token=secret#x").unwrap();
        assert_eq!(redacted(&url), "https://host:8774/v2.1/servers");
    }
}
