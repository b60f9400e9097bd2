//! What is on disk stays readable, and every link of the chain holds.

use super::*;
use crate::journal::fixture::{group, operation, operation_id, record, site_a};

const OPERATION: &str = include_str!("golden/operation-v1.json");
const RECORD: &str = include_str!("golden/record-v1.json");

fn term() -> Term {
    Term { group: group(), operation: operation_id(0xb), number: 3 }
}

#[test]
fn an_operation_is_written_as_it_always_was() {
    assert_eq!(operation(0xb, site_a()).to_text().unwrap(), OPERATION.trim_end());
}

#[test]
fn an_operation_of_every_released_form_is_read() {
    let read = StoredOperation::read(OPERATION.trim_end().to_owned(), 0).unwrap();
    assert_eq!(read.record, operation(0xb, site_a()));
}

#[test]
fn an_operation_of_a_later_form_needs_a_newer_release() {
    let later = r#"{"format":2,"operation":{"something":"else"}}"#.to_owned();
    assert!(matches!(StoredOperation::read(later, 0), Err(Unreadable::Newer(2))));
}

#[test]
fn a_record_is_written_and_linked_as_it_always_was() {
    let origin = origin(OPERATION.trim_end());
    let first = StoredRecord::link(record(1), term(), 1, origin).unwrap();
    assert_eq!(first.text, RECORD.trim_end());
    // As sha256sum says of `protector operation`, a line feed and the first text; of these 32 bytes and the second.
    assert_eq!(origin.to_string(), "f970c9077ec36bffc01c88e110451fbcc085e8ba6b5a263e5e2fb51d196dd699");
    assert_eq!(first.hash.to_string(), "da73c774fbbd8a96fd8d929e41f30909c84daba9c28e91b4dbc2ce820ca7dfba");
}

#[test]
fn a_record_of_every_released_form_is_read() {
    let hash = Digest::of(&[]);
    let read = StoredRecord::read(RECORD.trim_end().to_owned(), hash, operation_id(0xb), 1).unwrap();
    assert_eq!((read.record, read.term), (record(1), 3));
}

#[test]
fn a_record_in_the_place_of_another_is_not_read() {
    let hash = Digest::of(&[]);
    for (operation, sequence) in [(operation_id(0xc), 1), (operation_id(0xb), 2)] {
        let read = StoredRecord::read(RECORD.trim_end().to_owned(), hash, operation, sequence);
        assert!(matches!(read, Err(Unreadable::Misplaced { .. })));
    }
}

#[test]
fn a_record_follows_only_the_one_it_was_linked_to() {
    let origin = Digest::of(&[b"origin"]);
    let first = StoredRecord::link(record(1), term(), 1, origin).unwrap();
    let second = StoredRecord::link(record(2), term(), 2, first.hash).unwrap();
    assert!(first.follows(origin) && second.follows(first.hash));
    assert!(!second.follows(origin));
}
