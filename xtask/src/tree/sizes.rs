//! A file has one reason to exist; one that has grown too long has several.

use super::{Complaint, File};

const LONGEST: usize = 900;
const LONGEST_ENTRY: usize = 120;

pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    files.iter().filter_map(complaint).collect()
}

fn complaint(file: &File) -> Option<Complaint> {
    let (limit, rule) = if file.path.ends_with("src/lib.rs") {
        (LONGEST_ENTRY, "a lib.rs guides and re-exports")
    } else {
        (LONGEST, "split it by its reasons to exist")
    };
    let lines = file.text.lines().count();
    let long = file.has_extension(&["rs", "py"]) && lines > limit;
    long.then(|| format!("{}: {lines} lines, at most {limit}: {rule}", file.path))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn long_code_and_a_long_entry_are_complained_of_and_nothing_else() {
        let long = "x\n".repeat(LONGEST + 1);
        let files = [
            file("a/src/long.rs", &long),
            file("a/src/fits.rs", &"x\n".repeat(LONGEST)),
            file("a/src/lib.rs", &"x\n".repeat(LONGEST_ENTRY + 1)),
            file("Cargo.lock", &long),
        ];
        let complaints = check(&files);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].starts_with("a/src/long.rs: 901 lines"));
        assert!(complaints[1].starts_with("a/src/lib.rs: 121 lines"));
    }
}
