/// Whether a text is like a pattern in which `*` stands for anything and `?` for one character.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where the last star stood, and what it has swallowed up to.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(read) {
        match (pattern.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(expected), _) if *expected == '?' || expected == character => {
                at += 1;
                read += 1;
            }
            (_, Some((place, swallowed))) => {
                star = Some((place, swallowed + 1));
                at = place + 1;
                read = swallowed + 1;
            }
            _ => return false,
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn stars_and_question_marks_stand_for_what_is_there() {
        for (pattern, text, expected) in [
            ("*", "site-a/compute", true),
            ("site-?/compute", "site-a/compute", true),
            ("site-*", "site-a/compute", true),
            ("*/compute", "site-a/compute", true),
            ("*a*e", "site-a/compute", true),
            ("site-a/compute", "site-a/compute/quiet", false),
            ("array-?", "array-a/expired", false),
            ("", "", true),
            ("?", "", false),
            ("a*b", "axxc", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }
}
