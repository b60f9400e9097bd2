use crate::engine::{StepError, StepRun};
use crate::error::{Code, Coded};
use crate::steps::storage::Nothing;
use crate::steps::{Seen, Site, SiteStep};
use serde::{Deserialize, Serialize};

/// Imports a public key under protector's user.
#[derive(Debug)]
pub struct ImportKeypair;

/// See [`ImportKeypair`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportKeypairInput {
    /// Its name.
    pub name: String,
    /// The public key.
    pub public_key: String,
    /// `ssh` or `x509`.
    pub kind: String,
}

/// A keypair that was imported.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeypairImported {
    /// Its name.
    pub name: String,
    /// Whether it was this step that imported it; if not, it is not this step's to delete.
    #[serde(default = "always")]
    pub imported: bool,
}

fn always() -> bool {
    true
}

/// Services keep a key's comment or drop it: the key itself is what counts.
fn key_of(public_key: &str) -> Vec<&str> {
    public_key.split_whitespace().take(2).collect()
}

impl SiteStep for ImportKeypair {
    const NAME: &'static str = "import_keypair";
    const SYSTEM: &'static str = "nova";
    type Input = ImportKeypairInput;
    type Output = KeypairImported;

    async fn observe(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<Seen<KeypairImported>, StepError> {
        match site.access.cloud.keypairs().get(&run.context, &input.name, None).await {
            Ok(keypair) if key_of(&keypair.public_key) == key_of(&input.public_key) => {
                Ok(Seen::Done(KeypairImported { name: keypair.name, imported: true }))
            }
            Ok(_) => Ok(Seen::Conflict(format!(
                "protector's user has another keypair named {} at {}",
                input.name, site.access.site
            ))),
            Err(error) if error.is_not_found() => Ok(Seen::NotDone),
            Err(error) => Err(error.into()),
        }
    }

    async fn apply(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
    ) -> Result<KeypairImported, StepError> {
        let keypairs = site.access.cloud.keypairs();
        let made = keypairs.create(&run.context, &input.name, &input.public_key, &input.kind).await;
        match made {
            Ok(keypair) => Ok(KeypairImported { name: keypair.name, imported: true }),
            // Another group has come to import the same one since the plan was made.
            Err(error) if error.code() == Code::Conflict => match self.observe(site, run, input).await? {
                Seen::Done(there) => Ok(KeypairImported { imported: false, ..there }),
                Seen::Conflict(evidence) => Err(StepError::conflict(evidence).before_any_change()),
                Seen::NotDone => Err(StepError::from(error).before_any_change()),
            },
            Err(error) => Err(error.into()),
        }
    }

    async fn revert(
        &self,
        site: Site<'_>,
        run: &StepRun,
        input: &Self::Input,
        output: Option<&KeypairImported>,
    ) -> Result<(), StepError> {
        if output.is_some_and(|there| !there.imported) {
            return Ok(());
        }
        Ok(site.access.cloud.keypairs().delete(&run.context, &input.name).await?)
    }
}

/// Deletes a keypair of protector's user.
#[derive(Debug)]
pub struct DeleteKeypair;

/// See [`DeleteKeypair`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteKeypairInput {
    /// Its name.
    pub name: String,
}

impl SiteStep for DeleteKeypair {
    const NAME: &'static str = "delete_keypair";
    const SYSTEM: &'static str = "nova";
    type Input = DeleteKeypairInput;
    type Output = Nothing;

    async fn observe(&self, _: Site<'_>, _: &StepRun, _: &Self::Input) -> Result<Seen<Nothing>, StepError> {
        Ok(Seen::NotDone)
    }

    async fn apply(&self, site: Site<'_>, run: &StepRun, input: &Self::Input) -> Result<Nothing, StepError> {
        site.access.cloud.keypairs().delete(&run.context, &input.name).await?;
        Ok(Nothing {})
    }
}
