use super::PureDriver;
use crate::flasharray::{LONGEST_VALUE, VolumeTag, VolumeTags};
use futures::TryStreamExt;
use protector_core::driver::{Content, EpochMark, Error, GroupOrigin};
use protector_core::id::ArrayVolumeId;
use protector_core::transport::Context;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const NAMESPACE: &str = "protector";
const CONTENT: &str = "content";
const EPOCH: &str = "epoch";

/// The form of the marks. One of another form is not guessed at.
const FORM: u8 = 1;

/// A mark as it is kept in a tag.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<T> {
    form: u8,
    #[serde(flatten)]
    mark: T,
}

#[derive(Deserialize)]
struct AnyForm {
    form: u8,
}

/// What a volume holds, or is being made to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContentMark {
    pub(super) state: State,
    array: String,
    group: String,
    point: String,
    /// How many bytes the volume had before it was overwritten, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
}

/// Whether a content is to be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// The volume holds it.
    Whole,
    /// The volume was about to be overwritten with it: it may hold this, or what it held before.
    Begun,
    /// The volume was about to be overwritten with a safety snapshot: it holds no point's content for sure.
    Restored,
}

impl ContentMark {
    pub(super) fn new(state: State, origin: &GroupOrigin, point: &str, size: Option<u64>) -> Self {
        let array = origin.array.as_str().to_owned();
        Self { state, array, group: origin.group.clone(), point: point.to_owned(), size }
    }
}

impl PureDriver {
    pub(super) async fn read_content(
        &self,
        context: &Context,
        volume: &ArrayVolumeId,
    ) -> Result<Option<Content>, Error> {
        let mark = self.content_mark(context, &format!("read what volume {volume} holds"), volume).await?;
        Ok(mark.filter(|mark| mark.state == State::Whole).map(|mark| Content {
            origin: GroupOrigin { array: mark.array.into(), group: mark.group },
            point: mark.point,
        }))
    }

    pub(super) async fn content_mark(
        &self,
        context: &Context,
        attempted: &str,
        volume: &ArrayVolumeId,
    ) -> Result<Option<ContentMark>, Error> {
        let mut marks = self.marks(context, attempted, std::slice::from_ref(volume), CONTENT).await?;
        Ok(marks.remove(volume))
    }

    pub(super) async fn set_content_mark(
        &self,
        context: &Context,
        attempted: &str,
        volume: &ArrayVolumeId,
        mark: &ContentMark,
    ) -> Result<(), Error> {
        self.set_mark(context, attempted, std::slice::from_ref(volume), CONTENT, mark).await
    }

    pub(super) async fn read_epoch(
        &self,
        context: &Context,
        volume: &ArrayVolumeId,
    ) -> Result<Option<EpochMark>, Error> {
        let attempted = format!("read the epoch of volume {volume}");
        let mut marks = self.marks(context, &attempted, std::slice::from_ref(volume), EPOCH).await?;
        Ok(marks.remove(volume))
    }

    /// An epoch counts within its group: a volume that was in another group before begins anew.
    pub(super) async fn write_epoch(
        &self,
        context: &Context,
        volumes: &[ArrayVolumeId],
        mark: &EpochMark,
    ) -> Result<(), Error> {
        let attempted = format!("record epoch {} of {}", mark.epoch, mark.group);
        let present: BTreeMap<_, EpochMark> = self.marks(context, &attempted, volumes, EPOCH).await?;
        let higher =
            present.iter().find(|(_, present)| present.group == mark.group && present.epoch > mark.epoch);
        if let Some((volume, higher)) = higher {
            let reason =
                format!("volume {volume} carries epoch {} of operation {}", higher.epoch, higher.operation);
            return Err(self.refused(&attempted, reason));
        }
        self.set_mark(context, &attempted, volumes, EPOCH, mark).await
    }

    /// Volume by volume: one that is gone has no marks either, and would fail a call for all.
    pub(super) async fn remove_marks(
        &self,
        context: &Context,
        volumes: &[ArrayVolumeId],
    ) -> Result<(), Error> {
        let attempted = "remove the marks of volumes";
        let tags = VolumeTags::new(&self.array);
        for volume in volumes {
            match tags.remove(context, std::slice::from_ref(volume), NAMESPACE, &[CONTENT, EPOCH]).await {
                Err(error) if !error.is_gone() => return Err(self.failed(attempted, error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The marks of volumes under one key. All volumes have to be there.
    async fn marks<T: DeserializeOwned>(
        &self,
        context: &Context,
        attempted: &str,
        volumes: &[ArrayVolumeId],
        key: &str,
    ) -> Result<BTreeMap<ArrayVolumeId, T>, Error> {
        let tags = VolumeTags::new(&self.array);
        let tags: Vec<_> = tags
            .list(context, NAMESPACE, volumes)
            .try_collect()
            .await
            .map_err(|error| self.failed(attempted, error))?;
        let mut marks = BTreeMap::new();
        let ours = tags.iter().filter(|tag| tag.namespace.as_deref() == Some(NAMESPACE) && tag.key == key);
        for tag in ours {
            let unreadable = |why: &str| {
                let volume = tag.resource.name();
                self.refused(attempted, format!("tag {NAMESPACE}/{key} of volume {volume} {why}"))
            };
            let volume = tag.resource.id.as_deref().ok_or_else(|| unreadable("names no volume"))?;
            marks.insert(volume.into(), read(tag).map_err(unreadable)?);
        }
        Ok(marks)
    }

    pub(super) async fn set_mark(
        &self,
        context: &Context,
        attempted: &str,
        volumes: &[ArrayVolumeId],
        key: &str,
        mark: &(impl Serialize + Sync),
    ) -> Result<(), Error> {
        let text = serde_json::to_string(&Kept { form: FORM, mark }).unwrap_or_default();
        let length = text.chars().count();
        if text.is_empty() || length > LONGEST_VALUE {
            let reason = format!("its mark is {length} characters, and arrays keep {LONGEST_VALUE}");
            return Err(self.refused(attempted, reason));
        }
        VolumeTags::new(&self.array)
            .set(context, volumes, NAMESPACE, key, &text)
            .await
            .map_err(|error| self.failed(attempted, error))
    }
}

/// What a tag keeps, or what is the matter with it.
pub(super) fn read<T: DeserializeOwned>(tag: &VolumeTag) -> Result<T, &'static str> {
    let text = tag.value.as_deref().unwrap_or_default();
    match serde_json::from_str::<AnyForm>(text) {
        Ok(AnyForm { form: FORM }) => {}
        Ok(_) => return Err("is of a newer release of protector"),
        Err(_) => return Err("is not protector's"),
    }
    let kept: Kept<T> = serde_json::from_str(text).map_err(|_| "is not protector's")?;
    Ok(kept.mark)
}
