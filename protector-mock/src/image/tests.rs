use super::*;
use crate::cloud::Service;
use crate::http::Endpoint;
use crate::identity::tests::{Answer, Bench, ask};
use crate::world::{Pace, Reactions, World};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

const PATCH: &str = "application/openstack-images-v2.1-json-patch";

struct Images {
    bench: Bench,
    service: Service,
}

impl Images {
    fn new() -> Self {
        let clock = Arc::new(protector_core::time::SystemClock::new());
        let world = World::in_memory(1, clock, Reactions::default().with(REACTIONS)).unwrap();
        world.set_pace(Pace::OnCommand).unwrap();
        let bench = Bench::in_world(world);
        let service = Service::new(Arc::clone(&bench.site), &SERVICE).unwrap();
        Self { bench, service }
    }

    fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let kind = if method == "PATCH" { PATCH } else { "application/json" };
        let headers = [("x-auth-token", token), ("content-type", kind), ("accept", "application/json")];
        ask(&self.service, method, path, &headers, body)
    }

    fn send(&self, token: &str, path: &str, bytes: &'static [u8]) -> Answer {
        let request = http::Request::builder()
            .method("PUT")
            .uri(path)
            .header("x-auth-token", token)
            .header("content-type", "application/octet-stream")
            .header("accept", "application/json");
        let response = self.service.answer(&request.body(Bytes::from_static(bytes)).unwrap());
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Answer { status: response.status().as_u16(), body, response }
    }

    fn get(&self, token: &str, path: &str) -> Answer {
        self.ask(token, "GET", path, &Value::Null)
    }

    fn create(&self, token: &str, body: &Value) -> String {
        let made = self.ask(token, "POST", "/v2/images", body);
        assert_eq!(made.status, 201, "{}", made.body);
        made.text("/id")
    }

    fn raw(&self, token: &str, name: &str) -> String {
        self.create(token, &json!({"name": name, "disk_format": "raw", "container_format": "bare"}))
    }

    fn names(&self, token: &str, query: &str) -> Vec<String> {
        let list = self.get(token, &format!("/v2/images{query}"));
        assert_eq!(list.status, 200, "{}", list.body);
        let images = list.body["images"].as_array().unwrap().iter();
        images.map(|image| image["name"].as_str().unwrap().to_owned()).collect()
    }
}

fn sentence(answer: &Answer) -> &str {
    answer.body["message"].as_str().unwrap().split("<br").next().unwrap()
}

#[test]
fn versions_and_schemas_are_told() {
    let images = Images::new();
    let versions = ask(&images.service, "GET", "/", &[], &Value::Null);
    assert_eq!((versions.status, versions.header("x-openstack-request-id")), (300, ""));
    assert_eq!(versions.body["versions"].as_array().unwrap().len(), 16);
    let admin = images.bench.admin();
    let schema = images.get(&admin, "/v2/schemas/image");
    assert_eq!(schema.body["properties"]["disk_format"]["enum"].as_array().unwrap().len(), 12);
    for path in ["/v2/schemas/images", "/v2/schemas/member", "/v2/info/import", "/v2/info/stores"] {
        assert_eq!(images.get(&admin, path).status, 200);
    }
    assert_eq!(images.get(&admin, "/v2").status, 302);
    assert_eq!(images.get(&admin, "/v2/").status, 404);
}

#[test]
fn an_image_is_queued_until_it_has_data_and_gives_it_back() {
    let images = Images::new();
    let admin = images.bench.admin();
    let id = images.raw(&admin, "disk");
    let path = format!("/v2/images/{id}");
    let queued = images.get(&admin, &path);
    assert_eq!((&queued.body["status"], &queued.body["size"]), (&json!("queued"), &Value::Null));
    let file = format!("{path}/file");
    assert_eq!(images.get(&admin, &file).status, 204);
    assert_eq!(images.send(&admin, &file, b"message digest").status, 204);
    let active = images.get(&admin, &path);
    assert_eq!(active.body["status"], "active");
    assert_eq!(active.body["checksum"], "f96b697d7cb7938d525a2f31aaf161d0");
    assert_eq!((&active.body["size"], &active.body["virtual_size"]), (&json!(14), &json!(14)));
    assert_eq!(active.body["os_hash_value"].as_str().unwrap().len(), 128);
    let back = images.get(&admin, &file);
    assert_eq!((back.status, back.response.body().as_ref()), (200, b"message digest".as_slice()));
    assert_eq!(back.header("content-md5"), "f96b697d7cb7938d525a2f31aaf161d0");
    let range =
        ask(&images.service, "GET", &file, &[("x-auth-token", &admin), ("range", "bytes=8-")], &Value::Null);
    assert_eq!((range.status, range.response.body().as_ref()), (206, b"digest".as_slice()));
    assert_eq!(range.header("content-range"), "bytes 8-13/14");
    let again = images.send(&admin, &file, b"x");
    assert_eq!(
        (again.status, sentence(&again)),
        (409, "Image status transition from active to saving is not allowed")
    );
}

#[test]
fn data_needs_formats_and_its_own_media_type() {
    let images = Images::new();
    let admin = images.bench.admin();
    let id = images.create(&admin, &json!({"name": "x"}));
    let file = format!("/v2/images/{id}/file");
    let unformed = images.send(&admin, &file, b"x");
    assert_eq!(
        (unformed.status, sentence(&unformed)),
        (400, "Properties disk_format, container_format must be set prior to saving data.")
    );
    assert_eq!(images.ask(&admin, "PUT", &file, &json!({})).status, 415);
}

#[test]
fn what_is_staged_and_imported_becomes_active_in_its_time() {
    let images = Images::new();
    let admin = images.bench.admin();
    let id = images.raw(&admin, "disk");
    let path = format!("/v2/images/{id}");
    let import = json!({"method": {"name": "glance-direct"}});
    assert_eq!(images.ask(&admin, "POST", &format!("{path}/import"), &import).status, 409);
    assert_eq!(images.send(&admin, &format!("{path}/stage"), b"data").status, 204);
    assert_eq!(images.get(&admin, &path).text("/status"), "uploading");
    assert_eq!(images.ask(&admin, "POST", &format!("{path}/import"), &import).status, 202);
    assert_eq!(images.get(&admin, &path).text("/status"), "importing");
    images.bench.world.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(images.get(&admin, &path).text("/status"), "active");
}

#[test]
fn an_image_is_changed_by_operations_that_all_hold_or_none() {
    let images = Images::new();
    let admin = images.bench.admin();
    let id = images.create(&admin, &json!({"name": "x", "hw_disk_bus": "scsi", "tags": ["b", "a", "b"]}));
    let path = format!("/v2/images/{id}");
    let change = |body: Value| images.ask(&admin, "PATCH", &path, &body);
    let changed = change(json!([
        {"op": "replace", "path": "/name", "value": "y"},
        {"op": "add", "path": "/os_type", "value": "linux"},
        {"op": "remove", "path": "/hw_disk_bus"},
        {"op": "replace", "path": "/min_ram", "value": 64},
    ]));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!((changed.text("/name").as_str(), changed.text("/os_type").as_str()), ("y", "linux"));
    assert_eq!((&changed.body["min_ram"], &changed.body["tags"]), (&json!(64), &json!(["a", "b"])));
    assert!(changed.body.get("hw_disk_bus").is_none());
    for (operation, status, message) in [
        (json!({"op": "replace", "path": "/none", "value": "1"}), 409, "Property none does not exist."),
        (json!({"op": "remove", "path": "/name"}), 403, "Property name may not be removed."),
        (
            json!({"op": "replace", "path": "/status", "value": "active"}),
            403,
            "Attribute 'status' is read-only.",
        ),
        (
            json!({"op": "move", "path": "/name"}),
            400,
            "Invalid operation: `move`. It must be one of the following: add, remove, replace.",
        ),
        (json!({"op": "add", "path": "name", "value": ""}), 400, "Pointer `name` does not start with \"/\"."),
        (
            json!({"op": "add", "path": "/size_hint", "value": 1}),
            400,
            "Provided object does not match schema 'image': 1 is not of type 'string'",
        ),
    ] {
        let first = json!({"op": "replace", "path": "/name", "value": "z"});
        let refused = change(json!([first, operation]));
        assert_eq!((refused.status, sentence(&refused)), (status, message));
    }
    assert_eq!(images.get(&admin, &path).text("/name"), "y");
    let headers = [("x-auth-token", admin.as_str()), ("content-type", "application/json")];
    assert_eq!(ask(&images.service, "PATCH", &path, &headers, &json!([])).status, 415);
}

#[test]
fn a_body_that_is_no_image_is_refused_in_glances_words() {
    let images = Images::new();
    let admin = images.bench.admin();
    let of = |body: Value| images.ask(&admin, "POST", "/v2/images", &body);
    let format = of(json!({"disk_format": "floppy"}));
    assert_eq!(format.status, 400);
    assert!(
        sentence(&format)
            .starts_with("Provided object does not match schema 'image': 'floppy' is not one of [")
    );
    assert_eq!(sentence(&of(json!({"self": "x"}))), "Attribute 'self' is read-only.");
    assert_eq!(sentence(&of(json!({"location": "x"}))), "Attribute 'location' is reserved.");
    assert_eq!(of(json!({"id": "nonsense"})).status, 400);
    let id = "11111111-2222-3333-4444-555555555555";
    assert_eq!(images.create(&admin, &json!({"id": id})), id);
    assert_eq!(sentence(&of(json!({"id": id}))), format!("Image ID {id} already exists!"));
    let nowhere = images.get(&admin, "/v2/images/nope");
    assert_eq!((nowhere.status, sentence(&nowhere)), (404, "No image found with ID nope"));
}

#[test]
fn lists_are_filtered_sorted_and_paged() {
    let images = Images::new();
    let admin = images.bench.admin();
    for (name, kind) in [("c", "raw"), ("a", "qcow2"), ("b", "raw")] {
        let body = json!({"name": name, "disk_format": kind, "container_format": "bare", "colour": name, "tags": [name]});
        images.create(&admin, &body);
        images.bench.world.advance(Duration::from_secs(1)).unwrap();
    }
    assert_eq!(images.names(&admin, ""), ["b", "a", "c"]);
    assert_eq!(images.names(&admin, "?sort=name:asc"), ["a", "b", "c"]);
    assert_eq!(images.names(&admin, "?sort_key=name&sort_dir=desc"), ["c", "b", "a"]);
    assert_eq!(images.names(&admin, "?disk_format=raw"), ["b", "c"]);
    assert_eq!(images.names(&admin, "?name=in:a,c&sort=name:asc"), ["a", "c"]);
    assert_eq!(images.names(&admin, "?colour=b"), ["b"]);
    assert_eq!(images.names(&admin, "?tag=a"), ["a"]);
    let page = images.get(&admin, "/v2/images?limit=2&sort=name:asc");
    assert_eq!(page.text("/first"), "/v2/images?limit=2&sort=name%3Aasc");
    let next = page.text("/next");
    assert_eq!(images.get(&admin, &next).text("/images/0/name"), "c");
    assert!(images.get(&admin, &next).body.get("next").is_none());
    for (query, message) in [
        ("limit=x", "limit param must be an integer"),
        ("limit=-1", "limit param must be positive"),
        (
            "sort=colour",
            "Invalid sort key: colour. It must be one of the following: name, status, container_format, disk_format, size, id, created_at, updated_at.",
        ),
        ("marker=x", "No image found with ID x"),
        ("visibility=secret", "Invalid visibility value: secret"),
    ] {
        let refused = images.get(&admin, &format!("/v2/images?{query}"));
        assert_eq!((refused.status, sentence(&refused)), (400, message));
    }
}

#[test]
fn an_image_is_seen_by_those_that_it_is_for() {
    let images = Images::new();
    let admin = images.bench.admin();
    let (_, _) = images.bench.tenant("one", "ann", "member");
    let (other, _) = images.bench.tenant("two", "bob", "member");
    let ann = images.bench.token("ann", "pw", "one");
    let bob = images.bench.token("bob", "pw", "two");
    let id = images.raw(&ann, "shared");
    let path = format!("/v2/images/{id}");
    assert_eq!(images.get(&bob, &path).status, 404);
    let member = images.ask(&ann, "POST", &format!("{path}/members"), &json!({"member": other}));
    assert_eq!((member.status, member.text("/status").as_str()), (200, "pending"));
    assert_eq!(images.get(&bob, &path).status, 200);
    assert!(images.names(&bob, "").is_empty());
    let accept = format!("{path}/members/{other}");
    assert_eq!(images.ask(&ann, "PUT", &accept, &json!({"status": "accepted"})).status, 403);
    assert_eq!(images.ask(&bob, "PUT", &accept, &json!({"status": "accepted"})).status, 200);
    assert_eq!(images.names(&bob, ""), ["shared"]);
    let refused = images.ask(&bob, "DELETE", &path, &Value::Null);
    assert_eq!(
        (refused.status, sentence(&refused)),
        (403, "You are not authorized to complete delete_image action.")
    );
    let publish = json!([{"op": "replace", "path": "/visibility", "value": "public"}]);
    assert_eq!(
        sentence(&images.ask(&ann, "PATCH", &path, &publish)),
        "You are not authorized to complete publicize_image action."
    );
    assert_eq!(images.ask(&admin, "PATCH", &path, &publish).status, 200);
    assert_eq!(images.get(&ann, &format!("{path}/members")).status, 403);
    assert_eq!(images.names(&bob, "?visibility=public"), ["shared"]);
}

#[test]
fn a_protected_image_stays_and_a_deactivated_one_keeps_its_data() {
    let images = Images::new();
    let admin = images.bench.admin();
    images.bench.tenant("one", "ann", "member");
    let ann = images.bench.token("ann", "pw", "one");
    let id = images.raw(&ann, "x");
    let path = format!("/v2/images/{id}");
    images.send(&ann, &format!("{path}/file"), b"data");
    let protect = |flag: bool| json!([{"op": "replace", "path": "/protected", "value": flag}]);
    images.ask(&ann, "PATCH", &path, &protect(true));
    let refused = images.ask(&ann, "DELETE", &path, &Value::Null);
    assert_eq!(sentence(&refused), format!("Image {id} is protected and cannot be deleted."));
    assert_eq!(images.ask(&ann, "POST", &format!("{path}/actions/deactivate"), &Value::Null).status, 403);
    assert_eq!(images.ask(&admin, "POST", &format!("{path}/actions/deactivate"), &Value::Null).status, 204);
    assert_eq!(images.get(&ann, &format!("{path}/file")).status, 403);
    assert_eq!(images.ask(&admin, "POST", &format!("{path}/actions/reactivate"), &Value::Null).status, 204);
    assert_eq!(images.ask(&ann, "PUT", &format!("{path}/tags/t"), &Value::Null).status, 204);
    assert_eq!(images.get(&ann, &path).body["tags"], json!(["t"]));
    assert_eq!(images.ask(&ann, "DELETE", &format!("{path}/tags/t"), &Value::Null).status, 204);
    assert_eq!(images.ask(&ann, "DELETE", &format!("{path}/tags/t"), &Value::Null).status, 404);
    images.ask(&ann, "PATCH", &path, &protect(false));
    let gone = images.ask(&ann, "DELETE", &path, &Value::Null);
    assert_eq!(gone.status, 204);
    assert_eq!(gone.response.headers()["content-type"], "text/html; charset=UTF-8");
    assert_eq!(
        sentence(&images.ask(&ann, "DELETE", &path, &Value::Null)),
        format!("Failed to find image {id} to delete")
    );
}

#[test]
fn other_services_make_images_and_read_them() {
    let images = Images::new();
    let new = for_others::NewImage {
        name: "snapshot",
        owner: "p",
        visibility: Visibility::Private,
        disk_format: "raw",
        min_disk: 1,
        min_ram: 0,
        properties: [("base_image_ref".to_owned(), "x".to_owned())].into(),
        bytes: None,
    };
    let site = images.bench.site.name.clone();
    images
        .bench
        .world
        .transact::<_, Fault>(|transaction| {
            let made = for_others::create(transaction, &site, &new)?;
            assert_eq!(made.status, "queued");
            for_others::complete(transaction, &site, &made.id, b"bytes")?;
            let own = crate::cloud::Caller { project: "p".to_owned(), ..Default::default() };
            assert_eq!(for_others::image(transaction, &site, &own, &made.id)?.status, "active");
            assert_eq!(for_others::bytes(transaction, &site, &made.id)?, b"bytes");
            let stranger = crate::cloud::Caller::default();
            assert_eq!(for_others::image(transaction, &site, &stranger, &made.id).unwrap_err().status, 404);
            Ok(())
        })
        .unwrap();
}
