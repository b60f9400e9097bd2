use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;
use serde_json::Value;

fn exchange(method: &'static str, path: &str, purpose: &'static str) -> Exchange {
    Exchange::new(Service::Compute, method, &format!("/servers/s1/os-volume_attachments{path}"), purpose)
}

#[tokio::test]
async fn attach_says_tag_and_fate() {
    let new = NewVolumeAttachment {
        volume_id: "v1".into(),
        tag: Some("data".to_owned()),
        delete_on_termination: true,
    };
    exchange("POST", "", "attach volume v1 to server s1")
        .body(json!({"volumeAttachment": {"volumeId": "v1", "tag": "data", "delete_on_termination": true}}))
        .answer(
            200,
            json!({"volumeAttachment": {"id": "v1", "serverId": "s1", "volumeId": "v1", "device": "/dev/vdb",
                "tag": "data", "delete_on_termination": true}}),
        )
        .check(async |session| {
            VolumeAttachments::new(&session).attach(&Context::default(), &"s1".into(), &new).await
        })
        .await;
}

#[tokio::test]
async fn attach_without_tag_sends_none() {
    let new = NewVolumeAttachment { volume_id: "v1".into(), tag: None, delete_on_termination: false };
    exchange("POST", "", "attach volume v1 to server s1")
        .body(json!({"volumeAttachment": {"volumeId": "v1", "delete_on_termination": false}}))
        .answer(200, json!({"volumeAttachment": {}}))
        .check(async |session| {
            VolumeAttachments::new(&session).attach(&Context::default(), &"s1".into(), &new).await
        })
        .await;
}

#[tokio::test]
async fn detach_leaves_nothing_to_do_for_a_volume_that_is_not_attached() {
    exchange("DELETE", "/v1", "detach volume v1 from server s1")
        .answer(202, Value::Null)
        .check_deletion(async |session| {
            VolumeAttachments::new(&session).detach(&Context::default(), &"s1".into(), &"v1".into()).await
        })
        .await;
}
