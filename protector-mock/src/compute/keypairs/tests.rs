use crate::compute::fixture::{ADMIN, Bed, OTHER, OWNER};
use http::Method;
use serde_json::json;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPLX2NiT6eXh1YZhzvY0jlT8mBLmDpQyLx0XJLu9Mhm me";

#[test]
fn a_keypair_belongs_to_its_user_and_lives() {
    let bed = Bed::new();
    let body = json!({"keypair": {"name": "me@home.example", "public_key": KEY, "type": "ssh"}});
    let made = bed.post(OWNER, "/os-keypairs", &body);
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["keypair"]["fingerprint"].as_str().unwrap().len(), 47);
    let twice = bed.post(OWNER, "/os-keypairs", &body);
    assert_eq!(twice.error(), (409, "Key pair 'me@home.example' already exists."));
    assert_eq!(bed.get(OTHER, "/os-keypairs").body, json!({"keypairs": []}));
    let theirs = bed.get(ADMIN, "/os-keypairs?user_id=shop-user");
    assert_eq!(theirs.body["keypairs"].as_array().unwrap().len(), 1);
    assert_eq!(bed.get(OTHER, "/os-keypairs?user_id=shop-user").status, 403);
    let shown = bed.get(OWNER, "/os-keypairs/me@home.example");
    assert_eq!(
        (&shown.body["keypair"]["user_id"], &shown.body["keypair"]["id"]),
        (&json!("shop-user"), &json!(1))
    );
    assert_eq!(bed.delete(OWNER, "/os-keypairs/me@home.example").status, 204);
    let gone = bed.get(OWNER, "/os-keypairs/me@home.example");
    assert_eq!(gone.error(), (404, "Keypair me@home.example not found for user shop-user"));
}

#[test]
fn a_wrong_key_and_a_missing_one_are_refused() {
    let bed = Bed::new();
    let wrong =
        bed.post(OWNER, "/os-keypairs", &json!({"keypair": {"name": "a", "public_key": "ssh-rsa xyz"}}));
    assert_eq!(wrong.error(), (400, "Keypair data is invalid: failed to generate fingerprint"));
    let missing = bed.post(OWNER, "/os-keypairs", &json!({"keypair": {"name": "a"}}));
    assert!(missing.error().1.ends_with("'public_key' is a required property"), "{}", missing.body);
    let old = json!({"keypair": {"name": "a", "public_key": KEY}});
    let made = bed.at("2.1", OWNER, Method::POST, "/os-keypairs", Some(&old));
    assert_eq!((made.status, made.body["keypair"].get("type")), (200, None));
}
