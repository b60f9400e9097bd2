use super::page::list;
use super::query::Query;
use super::reference::null_as_default;
use super::request::Request;
use super::{Error, Filter, FlashArray, Reference, Version};
use futures::Stream;
use http::Method;
use protector_core::id::ArrayVolumeId;
use protector_core::transport::{Context, Semantics};
use serde::Deserialize;
use serde_json::json;

/// A volume, as `GET /volumes` gives it.
// OpenAPI FA2.36, schema Volume; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct Volume {
    /// Its id, which stays.
    pub id: ArrayVolumeId,
    /// Its name now.
    pub name: String,
    /// Its serial number.
    pub serial: Option<String>,
    /// Bytes.
    pub provisioned: Option<u64>,
    /// Whether it is destroyed and not eradicated yet.
    #[serde(default, deserialize_with = "null_as_default")]
    pub destroyed: bool,
    /// How many hosts and host groups are connected to it.
    pub connection_count: Option<u64>,
    /// What it is a copy of.
    #[serde(default, deserialize_with = "null_as_default")]
    pub source: Reference,
}

/// The first version that lets a new volume opt out of its container's default protection.
const OPTING_OUT: Version = Version::new(16);

/// The volumes of an array.
#[derive(Debug, Clone)]
pub struct Volumes {
    array: FlashArray,
}

impl Volumes {
    /// The volumes of `array`.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Lists the volumes of these names, destroyed ones included; one that is not there is an error.
    pub fn by_names<'a>(
        &'a self,
        context: &'a Context,
        names: &[String],
    ) -> impl Stream<Item = Result<Volume, Error>> + Send + 'a {
        list(&self.array, context, read().for_each_part("names", names))
    }

    /// Lists the volumes of these ids, destroyed ones included; one that is not there is an error.
    pub fn by_ids<'a>(
        &'a self,
        context: &'a Context,
        ids: &[ArrayVolumeId],
    ) -> impl Stream<Item = Result<Volume, Error>> + Send + 'a {
        let ids: Vec<&str> = ids.iter().map(ArrayVolumeId::as_str).collect();
        list(&self.array, context, read().for_each_part("ids", &ids))
    }

    /// Lists the volumes that fit any of the filters and are not destroyed.
    pub fn matching<'a>(
        &'a self,
        context: &'a Context,
        filters: &[Filter],
    ) -> impl Stream<Item = Result<Volume, Error>> + Send + 'a {
        let query =
            |filter: &Filter| Query::default().value("filter", filter.as_str()).flag("destroyed", false);
        let requests = filters.iter().map(|filter| read().with_query(query(filter))).collect();
        list(&self.array, context, requests)
    }

    /// Lists the volumes whose whole name is like `name`, in which `*` stands for anything, destroyed ones included.
    pub fn named_like<'a>(
        &'a self,
        context: &'a Context,
        name: &str,
    ) -> impl Stream<Item = Result<Volume, Error>> + Send + 'a {
        let filter = Filter::like("name", name);
        let request = read().with_query(Query::default().value("filter", filter.as_str()));
        list(&self.array, context, vec![request])
    }

    /// Makes the volume called `name` from a snapshot or volume, in no protection group. Repeating it is answered by `Exists`.
    ///
    /// # Errors
    /// `Exists` or `Destroyed` if there is one of that name; `NotFound` or `Destroyed` if the source is not there; otherwise the
    /// call failed. After `AnswerLost` look for it.
    ///
    /// # Effects
    /// Undone by [`Self::destroy`].
    pub async fn copy(&self, context: &Context, name: &str, source: &str) -> Result<Vec<Volume>, Error> {
        let query = Query::default().list("names", &[name]);
        // Older arrays protect by default nothing.
        let opts_out = self.array.version(context).await? >= OPTING_OUT;
        let query = if opts_out { query.flag("with_default_protection", false) } else { query };
        let purpose = format!("make volume {name} from {source}");
        let request = Request::new(Method::POST, Semantics::Keyed, "volumes", purpose)
            .with_query(query)
            .with_body(json!({"source": {"name": source}}));
        self.array.items(context, &request).await
    }

    /// Overwrites the volume called `name` with the content and size of a snapshot or volume; id, serial and name stay.
    ///
    /// # Errors
    /// `NotFound` if either is not there; otherwise the call failed.
    ///
    /// # Effects
    /// The volume's content is lost. Twice is as good as once.
    pub async fn overwrite(&self, context: &Context, name: &str, source: &str) -> Result<Vec<Volume>, Error> {
        let purpose = format!("overwrite volume {name} with {source}");
        // Neither with_default_protection nor add_to_protection_group_names may go with overwrite.
        let request = Request::new(Method::POST, Semantics::Idempotent, "volumes", purpose)
            .with_query(Query::default().list("names", &[name]).flag("overwrite", true))
            .with_body(json!({"source": {"name": source}}));
        self.array.items(context, &request).await
    }

    /// Makes a volume as large as `bytes`; a larger one is refused.
    ///
    /// # Errors
    /// The call failed.
    ///
    /// # Effects
    /// Not undone.
    pub async fn extend(&self, context: &Context, id: &ArrayVolumeId, bytes: u64) -> Result<(), Error> {
        let request = change(id, format!("extend volume {id}")).with_body(json!({"provisioned": bytes}));
        self.array.send(context, &request).await.map(drop)
    }

    /// Recovers a destroyed volume.
    ///
    /// # Errors
    /// `NotFound` if it is eradicated; otherwise the call failed.
    ///
    /// # Effects
    /// Undone by [`Self::destroy`].
    pub async fn recover(&self, context: &Context, id: &ArrayVolumeId) -> Result<(), Error> {
        let request = change(id, format!("recover volume {id}")).with_body(json!({"destroyed": false}));
        self.array.send(context, &request).await.map(drop)
    }

    /// Destroys a volume, recoverably until the array eradicates it.
    ///
    /// # Errors
    /// `NotFound` or `Destroyed` if it is gone, `InUse` if a host is connected to it; otherwise the call failed.
    ///
    /// # Effects
    /// Undone on the array, by recovering it.
    pub async fn destroy(&self, context: &Context, id: &ArrayVolumeId) -> Result<(), Error> {
        let request = change(id, format!("destroy volume {id}")).with_body(json!({"destroyed": true}));
        self.array.send(context, &request).await.map(drop)
    }
}

fn read() -> Request {
    Request::get("volumes", "list volumes")
}

fn change(id: &ArrayVolumeId, purpose: String) -> Request {
    Request::new(Method::PATCH, Semantics::Idempotent, "volumes", purpose)
        .with_query(Query::default().list("ids", &[id.as_str()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
    use futures::TryStreamExt;
    use serde_json::Value;

    /// As an array gives it: what is absent is null, references are objects of nulls.
    fn volume() -> Value {
        json!({"id": "i1", "name": "volume-1-cinder", "serial": "C9183D0D19C45DD400011001", "provisioned": 1_073_741_824,
            "created": 1_795_356_804_047_u64, "destroyed": false, "time_remaining": null, "connection_count": 2,
            "source": {"id": null, "name": null}, "pod": {"id": null, "name": null}, "subtype": "regular",
            "volume_group": {"id": null, "name": null}, "qos": {"bandwidth_limit": null, "iops_limit": null}})
    }

    #[tokio::test]
    async fn volumes_are_found_by_name_id_and_filter() {
        let mut mock = MockArray::start().await;
        let volumes = Volumes::new(&mock.array);
        let context = Context::default();
        mock.expect_list("volumes?names=volume-1-cinder,pod%3A%3Av&limit=1000", json!([volume()])).await;
        let names = ["volume-1-cinder".to_owned(), "pod::v".to_owned()];
        let found: Vec<Volume> = volumes.by_names(&context, &names).try_collect().await.unwrap();
        let [found] = found.as_slice() else { panic!("one volume") };
        assert_eq!((found.id.as_str(), found.name.as_str()), ("i1", "volume-1-cinder"));
        assert_eq!((found.provisioned, found.destroyed), (Some(1_073_741_824), false));
        assert_eq!(found.serial.as_deref(), Some("C9183D0D19C45DD400011001"));
        assert_eq!((found.connection_count, found.source.name()), (Some(2), ""));

        mock.expect_list("volumes?ids=i1,i2&limit=1000", json!([volume()])).await;
        let found: Vec<Volume> =
            volumes.by_ids(&context, &["i1".into(), "i2".into()]).try_collect().await.unwrap();
        assert_eq!(found.len(), 1);

        let path = "volumes?filter=name%3D%27%2A%3A%3Av%27&destroyed=false&limit=1000";
        mock.expect_list(path, json!([volume()])).await;
        let filters = [Filter::like("name", "*::v")];
        let found: Vec<Volume> = volumes.matching(&context, &filters).try_collect().await.unwrap();
        assert_eq!(found.len(), 1);
    }

    #[tokio::test]
    async fn an_empty_list_of_names_asks_for_nothing_and_not_for_everything() {
        let mock = MockArray::start().await;
        let volumes = Volumes::new(&mock.array);
        let context = Context::default();
        let found: Vec<Volume> = volumes.by_names(&context, &[]).try_collect().await.unwrap();
        assert!(found.is_empty());
        let found: Vec<Volume> = volumes.by_ids(&context, &[]).try_collect().await.unwrap();
        assert!(found.is_empty());
    }

    #[tokio::test]
    async fn fields_that_an_older_array_lacks_are_none() {
        let mut mock = MockArray::start().await;
        mock.expect_list("volumes?names=v&limit=1000", json!([{"id": "i", "name": "v"}])).await;
        let found: Vec<Volume> = Volumes::new(&mock.array)
            .by_names(&Context::default(), &["v".to_owned()])
            .try_collect()
            .await
            .unwrap();
        assert_eq!(found.first().map(|volume| (volume.provisioned, volume.destroyed)), Some((None, false)));
    }

    #[tokio::test]
    async fn overwrite_says_so_and_asks_for_no_protection() {
        let mut mock = MockArray::start().await;
        let body = json!({"source": {"name": "array-b:g.s.v"}});
        let request = mock
            .expect_change("POST", "volumes?names=volume-1-cinder&overwrite=true", body, json!([volume()]))
            .await;
        let written = Volumes::new(&mock.array)
            .overwrite(&Context::default(), "volume-1-cinder", "array-b:g.s.v")
            .await;
        request.assert_async().await;
        assert_eq!(written.unwrap().first().map(|volume| volume.id.as_str()), Some("i1"));
    }

    #[tokio::test]
    async fn a_copy_is_in_no_protection_group_and_older_arrays_are_not_asked_for_that() {
        let body = || json!({"source": {"name": "array-b:g.s.v"}});
        let mut mock = MockArray::start().await;
        let path = "volumes?names=kept&with_default_protection=false";
        let request = mock.expect_change("POST", path, body(), json!([volume()])).await;
        let volumes = Volumes::new(&mock.array);
        let made = volumes.copy(&Context::default(), "kept", "array-b:g.s.v").await.unwrap();
        request.assert_async().await;
        assert_eq!(made.first().map(|volume| volume.id.as_str()), Some("i1"));

        let mut server = mockito::Server::new_async().await;
        let versions = json!({"version": ["2.4", "2.15"]}).to_string();
        server.mock("GET", "/api/api_version").with_body(versions).create_async().await;
        let login = server.mock("POST", "/api/2.15/login").with_header("x-auth-token", "token");
        login.with_body(json!({"items": []}).to_string()).create_async().await;
        let request = server.mock("POST", "/api/2.15/volumes?names=kept");
        let request = request.with_body(json!({"items": []}).to_string()).expect(1).create_async().await;
        let array = crate::flasharray::testing::client(&server.url());
        let made = Volumes::new(&array).copy(&Context::default(), "kept", "array-b:g.s.v").await.unwrap();
        request.assert_async().await;
        assert!(made.is_empty());
    }

    #[tokio::test]
    async fn volumes_are_found_by_pattern_destroyed_or_not() {
        let mut mock = MockArray::start().await;
        let body = json!([volume(), {"id": "i2", "name": "kept-2", "destroyed": true}]);
        mock.expect_list("volumes?filter=name%3D%27kept-%2A%27&limit=1000", body).await;
        let volumes = Volumes::new(&mock.array);
        let found: Vec<Volume> =
            volumes.named_like(&Context::default(), "kept-*").try_collect().await.unwrap();
        let found: Vec<_> = found.iter().map(|volume| (volume.id.as_str(), volume.destroyed)).collect();
        assert_eq!(found, [("i1", false), ("i2", true)]);
    }

    #[tokio::test]
    async fn extend_destroy_and_recover_go_by_id() {
        let mut mock = MockArray::start().await;
        let volumes = Volumes::new(&mock.array);
        let (context, id) = (Context::default(), ArrayVolumeId::new("i1"));
        let extend =
            mock.expect_change("PATCH", "volumes?ids=i1", json!({"provisioned": 2048}), json!([])).await;
        volumes.extend(&context, &id, 2048).await.unwrap();
        extend.assert_async().await;
        let destroy =
            mock.expect_change("PATCH", "volumes?ids=i1", json!({"destroyed": true}), json!([])).await;
        volumes.destroy(&context, &id).await.unwrap();
        destroy.assert_async().await;
        let recover =
            mock.expect_change("PATCH", "volumes?ids=i1", json!({"destroyed": false}), json!([])).await;
        volumes.recover(&context, &id).await.unwrap();
        recover.assert_async().await;
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        let context = &Context::default();
        let id = &ArrayVolumeId::new("i1");
        assert_errors_are_told_apart("GET", "volumes", async |array| {
            Volumes::new(&array).by_ids(context, std::slice::from_ref(id)).try_collect::<Vec<_>>().await
        })
        .await;
        assert_errors_are_told_apart("GET", "volumes", async |array| {
            Volumes::new(&array).by_names(context, &["v".to_owned()]).try_collect::<Vec<_>>().await
        })
        .await;
        assert_errors_are_told_apart("GET", "volumes", async |array| {
            Volumes::new(&array).matching(context, &[Filter::like("name", "v")]).try_collect::<Vec<_>>().await
        })
        .await;
        assert_errors_are_told_apart("POST", "volumes", async |array| {
            Volumes::new(&array).overwrite(context, "v", "s").await
        })
        .await;
        assert_errors_are_told_apart("PATCH", "volumes", async |array| {
            Volumes::new(&array).extend(context, id, 1).await
        })
        .await;
        assert_errors_are_told_apart("PATCH", "volumes", async |array| {
            Volumes::new(&array).destroy(context, id).await
        })
        .await;
        assert_errors_are_told_apart("PATCH", "volumes", async |array| {
            Volumes::new(&array).recover(context, id).await
        })
        .await;
        assert_errors_are_told_apart("POST", "volumes", async |array| {
            Volumes::new(&array).copy(context, "v", "s").await
        })
        .await;
        assert_errors_are_told_apart("GET", "volumes", async |array| {
            Volumes::new(&array).named_like(context, "v*").try_collect::<Vec<_>>().await
        })
        .await;
    }
}
