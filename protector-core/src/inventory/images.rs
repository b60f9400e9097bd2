use super::SiteAccess;
use crate::config::{MappingKind, Mappings};
use crate::openstack::Error;
use crate::openstack::image::{Image, ImageQuery};
use crate::transport::Context;
use futures::TryStreamExt;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Looks for the images that the mappings name at a site, by name or id, and tells those that are not there. Where none is
/// mapped nothing is asked.
///
/// # Errors
/// A list could not be had.
pub async fn missing_images(
    access: &SiteAccess,
    context: &Context,
    mappings: &Mappings,
) -> Result<BTreeSet<String>, Error> {
    let context = &context.at_site(&access.site);
    let named: BTreeSet<&String> =
        mappings.pairs(MappingKind::Image).filter_map(|pair| pair.get(&access.site)).collect();
    let mut missing = BTreeSet::new();
    for word in named {
        if !is_there(access, context, word).await? {
            missing.insert(word.clone());
        }
    }
    Ok(missing)
}

async fn is_there(access: &SiteAccess, context: &Context, word: &str) -> Result<bool, Error> {
    let images = access.cloud.images();
    if Uuid::try_parse(word).is_ok() {
        match images.get(context, word).await {
            Ok(_) => return Ok(true),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    for hidden in [false, true] {
        let (name, visibility) = (Some(word.to_owned()), Some("all".to_owned()));
        let query = ImageQuery { name, visibility, hidden, ..ImageQuery::default() };
        let found: Vec<Image> = images.list(context, &query).try_collect().await?;
        if !found.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
