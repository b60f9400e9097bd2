use super::*;
use crate::error::{Code, Coded};
use crate::openstack::testing::MockCloud;
use futures::TryStreamExt;
use serde_json::json;

const IMAGES: &str = "/image/v2/images";

/// As Glance 2026.2 gives it.
fn answer() -> Value {
    json!({
        "hw_disk_bus": "scsi", "os_type": "linux", "name": "cirros", "disk_format": "raw", "container_format": "bare",
        "visibility": "shared", "size": 117_440_512, "virtual_size": 117_440_513, "status": "active",
        "checksum": "c8fc807773e5354afe61636071771906", "protected": true, "min_ram": 64, "min_disk": 1, "owner": "p1",
        "os_hidden": true, "os_hash_algo": "sha512", "os_hash_value": "1103b92c", "id": "i1",
        "created_at": "2026-11-22T16:33:35Z", "updated_at": "2026-11-22T16:33:35Z", "tags": ["blue"],
        "locations": [], "direct_url": "rbd://i1", "stores": "ceph", "self": "/v2/images/i1",
        "file": "/v2/images/i1/file", "schema": "/v2/schemas/image"})
}

fn image() -> Image {
    Image {
        id: "i1".to_owned(),
        name: Some("cirros".to_owned()),
        status: "active".to_owned(),
        visibility: "shared".to_owned(),
        owner: Some("p1".into()),
        os_hidden: true,
        protected: true,
        size: Some(117_440_512),
        virtual_size: Some(117_440_513),
        min_disk: 1,
        min_ram: 64,
        disk_format: Some("raw".to_owned()),
        container_format: Some("bare".to_owned()),
        os_hash_algo: Some("sha512".to_owned()),
        os_hash_value: Some("1103b92c".to_owned()),
        tags: vec!["blue".to_owned()],
        properties: [("hw_disk_bus", "scsi"), ("os_type", "linux")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

#[tokio::test]
async fn list_filters_by_all_that_is_given_and_follows_the_pages() {
    let mut cloud = MockCloud::start().await;
    let filters = "name=cirros&status=active&visibility=all&owner=p1&os_hidden=true&tag=blue&tag=green";
    let first = json!({"images": [answer()], "first": "/v2/images", "schema": "/v2/schemas/images",
        "next": format!("/v2/images?{filters}&marker=i1")});
    let first = cloud.expect("GET", &format!("{IMAGES}?{filters}"), None, None, 200, first).await;
    let second = json!({"images": [], "first": "/v2/images", "schema": "/v2/schemas/images"});
    let path = format!("{IMAGES}?{filters}&marker=i1");
    let second = cloud.expect("GET", &path, None, None, 200, second).await;
    let query = ImageQuery {
        name: Some("cirros".to_owned()),
        status: Some("active".to_owned()),
        visibility: Some("all".to_owned()),
        owner: Some("p1".into()),
        tags: vec!["blue".to_owned(), "green".to_owned()],
        hidden: true,
    };
    let client = Images::new(&cloud.session);
    let images: Vec<Image> = client.list(&Context::default(), &query).try_collect().await.unwrap();
    first.assert_async().await;
    second.assert_async().await;
    assert_eq!(images, [image()]);
}

#[tokio::test]
async fn list_asks_for_everything_visible_unless_told() {
    let mut cloud = MockCloud::start().await;
    let mock = cloud.expect("GET", IMAGES, None, None, 200, json!({"images": []})).await;
    let client = Images::new(&cloud.session);
    let images: Vec<Image> =
        client.list(&Context::default(), &ImageQuery::default()).try_collect().await.unwrap();
    mock.assert_async().await;
    assert_eq!(images, []);
}

#[tokio::test]
async fn a_name_with_a_colon_is_no_operator() {
    let mut cloud = MockCloud::start().await;
    let path = format!("{IMAGES}?name=eq%3Aubuntu%3A24.04");
    let mock = cloud.expect("GET", &path, None, None, 200, json!({"images": []})).await;
    let query = ImageQuery { name: Some("ubuntu:24.04".to_owned()), ..ImageQuery::default() };
    let client = Images::new(&cloud.session);
    client.list(&Context::default(), &query).try_collect::<Vec<_>>().await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn get_reads_an_image_without_a_file() {
    let mut cloud = MockCloud::start().await;
    let mut queued = answer();
    for key in [
        "name",
        "size",
        "virtual_size",
        "disk_format",
        "container_format",
        "os_hash_algo",
        "os_hash_value",
        "owner",
        "checksum",
    ] {
        queued.as_object_mut().unwrap().insert(key.to_owned(), Value::Null).unwrap();
    }
    let mock = cloud.expect("GET", &format!("{IMAGES}/i1"), None, None, 200, queued).await;
    let read = Images::new(&cloud.session).get(&Context::default(), "i1").await.unwrap();
    mock.assert_async().await;
    let expected = Image {
        name: None,
        size: None,
        virtual_size: None,
        disk_format: None,
        container_format: None,
        os_hash_algo: None,
        os_hash_value: None,
        owner: None,
        ..image()
    };
    assert_eq!(read, expected);
}

#[tokio::test]
async fn absence_refusal_and_failure_are_told_apart() {
    // Glance's errors are HTML pages.
    for (status, title, code) in [
        (404, "No image found with ID i1", Code::NotFound),
        (403, "You are not authorized to complete this action.", Code::Forbidden),
        (400, "Invalid visibility value: every", Code::RequestRefused),
        (500, "The server has either erred", Code::ServiceFailed),
    ] {
        let mut cloud = MockCloud::start().await;
        let page = format!("<html><head><title>{status}</title></head><body>{title}<br /></body></html>");
        for path in [format!("{IMAGES}/i1"), IMAGES.to_owned()] {
            cloud.server.mock("GET", &*path).with_status(status).with_body(&page).create_async().await;
        }
        let (client, context) = (Images::new(&cloud.session), Context::default());
        let query = ImageQuery::default();
        let read = client.get(&context, "i1").await.unwrap_err();
        let listed = client.list(&context, &query).try_collect::<Vec<_>>().await.unwrap_err();
        for (error, attempted) in [(read, "read image i1"), (listed, "list images")] {
            assert_eq!(error.code(), code);
            let text = error.to_string();
            assert!(text.contains(attempted) && text.contains(title), "{text}");
        }
    }
}
