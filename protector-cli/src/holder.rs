use protector_core::journal::Holder;

/// Who is at work, for the journal and for a second starter that is refused.
pub fn holder(program: &str) -> Holder {
    let read = |file: &str| std::fs::read_to_string(file).map(|text| text.trim().to_owned()).ok();
    #[expect(clippy::disallowed_methods, reason = "a program may say under whose name it runs")]
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    Holder {
        host: read("/etc/hostname").unwrap_or_else(|| "unknown".to_owned()),
        process: std::process::id(),
        program: program.to_owned(),
        user: user.unwrap_or_else(|_| "unknown".to_owned()),
    }
}
