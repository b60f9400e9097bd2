use super::*;

#[test]
fn the_example_can_be_read_and_has_something_in_it() {
    let example = Estate::example();
    assert_eq!(example.projects.len(), 1);
    let servers: u32 = example.projects[0].servers.iter().map(|servers| servers.count).sum();
    assert_eq!(servers, 5);
}

#[test]
fn a_misspelt_word_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("estate.yaml");
    std::fs::write(&path, "flavours: []\n").unwrap();
    let error = Estate::read(&path).unwrap_err().to_string();
    assert!(error.contains("flavours"), "{error}");
}
