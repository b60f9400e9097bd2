use super::error::malformed;
use super::page::list;
use super::request::Request;
use super::{Error, FlashArray};
use futures::{StreamExt, TryStreamExt};
use protector_core::id::ArrayName;
use protector_core::transport::Context;
use serde::Deserialize;

/// An array about itself, as `GET /arrays` gives it.
// OpenAPI FA2.36, schema Array; FA2.4 has the same fields
#[derive(Debug, Clone, Deserialize)]
pub struct Array {
    /// Its id.
    pub id: String,
    /// Its name, as its peers know it.
    pub name: ArrayName,
    /// The version of its software.
    pub version: Option<String>,
}

/// The array itself.
#[derive(Debug, Clone)]
pub struct Arrays {
    array: FlashArray,
}

impl Arrays {
    /// What `array` says about itself.
    pub fn new(array: &FlashArray) -> Self {
        Self { array: array.clone() }
    }

    /// Reads the array's own description.
    ///
    /// # Errors
    /// The call failed.
    pub async fn get(&self, context: &Context) -> Result<Array, Error> {
        let purpose = "read the array's description";
        let arrays = list(&self.array, context, vec![Request::get("arrays", purpose)]);
        arrays.boxed().try_next().await?.ok_or_else(|| malformed(purpose, "the list of arrays is empty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flasharray::testing::{MockArray, assert_errors_are_told_apart};
    use protector_core::error::{Code, Coded};
    use serde_json::json;

    #[tokio::test]
    async fn the_arrays_name_id_and_version_are_read() {
        let mut mock = MockArray::start().await;
        let body = json!([{"id": "a1", "name": "array-a", "version": "6.6.11", "os": "Purity//FA",
            "capacity": 10, "eradication_config": {"enabled_delay": 86_400_000}, "banner": null}]);
        mock.expect_list("arrays?limit=1000", body).await;
        let array = Arrays::new(&mock.array).get(&Context::default()).await.unwrap();
        assert_eq!((array.id.as_str(), array.name.as_str()), ("a1", "array-a"));
        assert_eq!(array.version.as_deref(), Some("6.6.11"));
    }

    #[tokio::test]
    async fn errors_are_told_apart() {
        assert_errors_are_told_apart("GET", "arrays", async |array| {
            Arrays::new(&array).get(&Context::default()).await
        })
        .await;
        let mut mock = MockArray::start().await;
        mock.expect_list("arrays?limit=1000", json!([])).await;
        let error = Arrays::new(&mock.array).get(&Context::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::AnswerMalformed);
    }
}
