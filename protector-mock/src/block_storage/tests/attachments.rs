use super::*;
use crate::block_storage::for_compute::{self, Host, NewContent, NewVolume};

const SERVER: &str = "6d8f2c9e-0d4f-4b53-9a3e-0f6f2d1c9b11";

fn connector() -> Value {
    json!({"host": "compute1", "initiator": "iqn.1994-05.com.redhat:compute1", "system uuid": "aa-bb", "mountpoint": "/dev/vdb"})
}

fn host() -> Host {
    Host {
        name: "compute1".to_owned(),
        initiator: "iqn.1994-05.com.redhat:compute1".to_owned(),
        uuid: "aa-bb".to_owned(),
        address: "192.0.2.1".to_owned(),
    }
}

impl Bed {
    fn connected(&self, volume: &str) -> Vec<String> {
        let name = format!("volume-{volume}-cinder");
        self.on_array(|transaction| {
            let found = arrays::volumes::get(transaction, "array-a", &name)?;
            let all: Vec<_> = arrays::connections::of_volume(transaction, "array-a", &found.id)?.collect();
            let host = |id: &str| transaction.get::<arrays::hosts::Host>("array-a", id);
            all.iter().map(|connection| Ok(host(&connection.host)?.unwrap().name)).collect()
        })
    }

    fn status(&self, volume: &str) -> String {
        self.get(&format!("volumes/{volume}"))["volume"]["status"].as_str().unwrap().to_owned()
    }
}

#[test]
fn an_administrator_lists_the_attachments_of_a_project() {
    let bed = Bed::new();
    let volume = bed.volume(&json!({"size": 1}));
    let body = json!({"attachment": {"volume_uuid": volume, "instance_uuid": SERVER}});
    let attachment = id(&bed.made("attachments", &body)["attachment"]);
    let of = |project: &str| {
        let found = bed.get(&format!("attachments?all_tenants=1&project_id={project}"));
        found["attachments"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(of(PROJECT), [attachment]);
    assert_eq!(of("00000000000000000000000000000000"), [""; 0]);
}

#[test]
fn an_attachment_is_reserved_connected_completed_and_ended() {
    let bed = Bed::new();
    let volume = bed.volume(&json!({"size": 1}));
    let body = json!({"attachment": {"volume_uuid": volume, "instance_uuid": SERVER}});
    let attachment = id(&bed.made("attachments", &body)["attachment"]);
    assert_eq!(bed.status(&volume), "reserved");
    let other = json!({"attachment": {"volume_uuid": volume, "instance_uuid": "00000000-0d4f-4b53-9a3e-0f6f2d1c9b11"}});
    refuse(
        400,
        &format!(
            "Invalid volume: Volume {volume} status must be available or downloading to reserve, but the current status is \
             reserved."
        ),
        &bed.post("attachments", &other),
    );
    let path = format!("attachments/{attachment}");
    let told = bed.put(&path, &json!({"attachment": {"connector": connector()}}));
    assert_eq!(told.status, 200, "{}", told.body);
    assert_eq!(told.body["attachment"]["connection_info"]["driver_volume_type"], "iscsi");
    assert_eq!(bed.connected(&volume), ["compute1-aabb-cinder"]);
    assert_eq!(bed.status(&volume), "attaching");
    assert_eq!(bed.post(&format!("{path}/action"), &json!({"os-complete": null})).status, 204);
    let shown = bed.get(&format!("volumes/{volume}"))["volume"].clone();
    assert_eq!(shown["status"], "in-use");
    assert_eq!(shown["attachments"][0]["server_id"], SERVER);
    assert_eq!(shown["attachments"][0]["device"], "/dev/vdb");
    assert_eq!(bed.delete(&format!("volumes/{volume}")).status, 400);
    assert_eq!(bed.delete(&path).body, json!({"attachments": []}));
    assert_eq!((bed.status(&volume), bed.connected(&volume)), ("available".to_owned(), Vec::new()));
    let gone = bed
        .world
        .transact(|transaction| arrays::hosts::remove(transaction, "array-a", "compute1-aabb-cinder"));
    assert!(gone.is_err(), "the host went with its last volume");
}

#[test]
fn what_nova_attached_only_nova_detaches() {
    let bed = Bed::new();
    let volume = bed.volume(&json!({"size": 1}));
    let attachment = bed
        .world
        .transact::<_, Fault>(|transaction| {
            let id = for_compute::reserve(transaction, "site-a", Some(PROJECT), &volume, SERVER)?;
            for_compute::complete(transaction, "site-a", &id, &host(), "/dev/vda")?;
            Ok(id)
        })
        .unwrap();
    assert_eq!(bed.status(&volume), "in-use");
    refuse(
        409,
        &format!("ConflictNovaUsingAttachment: Detach volume from instance {SERVER} using the Compute API"),
        &bed.delete(&format!("attachments/{attachment}")),
    );
    bed.world
        .transact::<_, Fault>(|transaction| {
            for_compute::begin_detaching(transaction, "site-a", Some(PROJECT), &volume)?;
            for_compute::detach(transaction, "site-a", &attachment)
        })
        .unwrap();
    assert_eq!(bed.status(&volume), "available");
}

#[test]
fn nova_makes_looks_up_and_deletes_volumes() {
    let bed = Bed::new();
    let source = bed.volume(&json!({"size": 2}));
    let made = bed
        .world
        .transact::<_, Fault>(|transaction| {
            let new = NewVolume {
                project: PROJECT.to_owned(),
                content: NewContent::Volume(source.clone()),
                ..NewVolume::default()
            };
            let id = for_compute::create(transaction, "site-a", new)?;
            assert_eq!(for_compute::volume(transaction, "site-a", None, &id)?.status, "creating");
            assert!(for_compute::volume(transaction, "site-a", Some("other"), &id).is_err());
            Ok(id)
        })
        .unwrap();
    bed.later(5);
    bed.world
        .transact::<_, Fault>(|transaction| {
            let found = for_compute::volume(transaction, "site-a", Some(PROJECT), &made)?;
            assert_eq!((found.status.as_str(), found.size), ("available", 2));
            assert_eq!(for_compute::on_array(transaction, "site-a", &made)?.0, "array-a");
            for_compute::delete(transaction, "site-a", None, &made)
        })
        .unwrap();
    bed.later(5);
    assert!(
        bed.world.transact(|transaction| for_compute::volume(transaction, "site-a", None, &made)).is_err()
    );
}

#[test]
fn a_reserved_volume_cannot_be_deleted_or_reserved_again() {
    let bed = Bed::new();
    let volume = bed.volume(&json!({"size": 1}));
    let path = format!("volumes/{volume}/action");
    assert_eq!(bed.post(&path, &json!({"os-reserve": {}})).status, 202);
    refuse(
        400,
        "Invalid volume: Volume status must be available to reserve, but the status is attaching.",
        &bed.post(&path, &json!({"os-reserve": {}})),
    );
    assert_eq!(bed.delete(&format!("volumes/{volume}")).status, 400);
    assert_eq!(bed.post(&path, &json!({"os-unreserve": {}})).status, 202);
    assert_eq!(bed.delete(&format!("volumes/{volume}")).status, 202);
}
