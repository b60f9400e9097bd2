use super::error::{Error, Meaning};
use super::{ApiRequest, Session};
use crate::transport::{Answer, Context};
use futures::Stream;
use futures::stream::{self, TryStreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashSet};
use url::Url;

/// Lists a collection page by page. Of a `next` link only the marker is followed, so that no list leaves its origin;
/// a marker that comes twice ends the list with an error.
pub fn list<'a, T: DeserializeOwned + Send + 'a>(
    session: &'a Session,
    context: &'a Context,
    request: ApiRequest,
    collection: &'static str,
) -> impl Stream<Item = Result<T, Error>> + Send + 'a {
    struct Position {
        request: ApiRequest,
        seen: HashSet<String>,
    }
    let start = Some(Position { request, seen: HashSet::new() });
    stream::try_unfold(start, move |position| async move {
        let Some(Position { request, mut seen }) = position else { return Ok(None) };
        let answer = session.send(context, &request).await?;
        let (items, marker) = read_page::<T>(session, &request, &answer, collection)?;
        let next = match marker {
            None => None,
            Some(marker) if !seen.insert(marker.clone()) => {
                return Err(Error::new(
                    request.service,
                    session.site(),
                    Meaning::EndlessList { collection, marker },
                ));
            }
            Some(marker) => {
                let mut request = request;
                request.query.retain(|(key, _)| key != "marker");
                Some(Position { request: request.query("marker", marker), seen })
            }
        };
        Ok(Some((stream::iter(items.into_iter().map(Ok)), next)))
    })
    .try_flatten()
}

/// A page's fields, unread where they came: what stands in order stays in order.
type Page<'a> = BTreeMap<String, &'a RawValue>;

fn read_page<T: DeserializeOwned>(
    session: &Session,
    request: &ApiRequest,
    answer: &Answer,
    collection: &'static str,
) -> Result<(Vec<T>, Option<String>), Error> {
    let page: Page<'_> = answer.json().map_err(|error| Error::of(request.service, session.site(), error))?;
    let items = page.get(collection).map_or("null", |raw| raw.get());
    let items = serde_json::from_str(items).map_err(|source| session.malformed(request, source))?;
    Ok((items, next_marker(&page, collection)))
}

// nova/api/openstack/common.py and cinder likewise: `{collection}_links`; glance: `next`; neutron/pecan: `{collection}_links`
fn next_marker(page: &Page<'_>, collection: &str) -> Option<String> {
    let field = |name: &str| -> Option<Value> { serde_json::from_str(page.get(name)?.get()).ok() };
    // cinder/api/v3/views/groups.py says `group_links`.
    let links = field(&format!("{collection}_links"))
        .or_else(|| field(&format!("{}_links", collection.trim_end_matches('s'))));
    let of_links = links.as_ref().and_then(Value::as_array).and_then(|links| {
        links.iter().find(|link| link.get("rel").is_some_and(|rel| rel == "next"))?.get("href")
    });
    let next = field("next");
    let href = of_links.or(next.as_ref()).and_then(Value::as_str)?;
    let base = Url::parse("http://relative.invalid").ok()?;
    let url = base.join(href).ok()?;
    url.query_pairs().find(|(key, _)| key == "marker").map(|(_, marker)| marker.into_owned())
}

#[cfg(test)]
mod tests {
    use super::Page;
    use serde_json::{Value, json};

    fn next_marker(page: &Value, collection: &str) -> Option<String> {
        let page = page.to_string();
        let page: Page<'_> = serde_json::from_str(&page).unwrap();
        super::next_marker(&page, collection)
    }

    #[test]
    fn the_marker_is_found_in_each_services_link() {
        let nova = json!({"servers": [], "servers_links": [
            {"rel": "previous", "href": "http://n/servers?marker=p"},
            {"rel": "next", "href": "http://elsewhere/servers?limit=1&marker=m"}]});
        assert_eq!(next_marker(&nova, "servers").as_deref(), Some("m"));
        let glance = json!({"images": [], "next": "/v2/images?marker=m"});
        assert_eq!(next_marker(&glance, "images").as_deref(), Some("m"));
        let groups =
            json!({"groups": [], "group_links": [{"rel": "next", "href": "http://c/groups?marker=m"}]});
        assert_eq!(next_marker(&groups, "groups").as_deref(), Some("m"));
        assert_eq!(next_marker(&json!({"servers": []}), "servers"), None);
    }
}
