use super::{Error, Protector};
use crate::config::{CloudConfig, Config, SiteConfig, TlsConfig};
use crate::driver::{ArraySettings, DriverFactory, StorageDriver};
use crate::engine::{ExecutionLimits, Executor};
use crate::id::{ArrayName, SiteName};
use crate::inventory::SiteAccess;
use crate::journal::{Holder, SiteStore, SqliteStore, StorePair};
use crate::openstack::{Cloud, Session};
use crate::secret::sealed::Sealer;
use crate::steps::{Machine, Records, ThisMachine, World, kinds};
use crate::time::{Clock, SystemClock};
use crate::transport::{
    Caller, Context, Destination, HttpTransports, NoCredentials, TlsSettings, TransportFactory,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Steps under way at a time in one system.
const STEPS_AT_A_TIME: usize = 8;

/// Opens a [`Protector`].
#[derive(Debug)]
pub struct ProtectorBuilder {
    config: Config,
    factories: Vec<Arc<dyn DriverFactory>>,
    transports: Arc<dyn TransportFactory>,
    clock: Arc<dyn Clock>,
    holder: Holder,
    machine: Arc<dyn Machine>,
}

impl ProtectorBuilder {
    pub(super) fn new(config: Config) -> Self {
        let holder = Holder {
            host: "unknown".to_owned(),
            process: std::process::id(),
            program: "protector".to_owned(),
            user: "unknown".to_owned(),
        };
        Self {
            config,
            factories: Vec::new(),
            transports: Arc::new(HttpTransports),
            clock: Arc::new(SystemClock::new()),
            holder,
            machine: Arc::new(ThisMachine),
        }
    }

    /// Hands in a kind of driver; `protector.yaml` says which array uses which.
    #[must_use]
    pub fn driver(mut self, factory: Arc<dyn DriverFactory>) -> Self {
        self.factories.push(factory);
        self
    }

    /// Other ways to sites and arrays than the network.
    #[must_use]
    pub fn transport(mut self, transports: Arc<dyn TransportFactory>) -> Self {
        self.transports = transports;
        self
    }

    /// Another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another machine than this one, from which guests are reached and on which commands of hooks are run.
    #[must_use]
    pub fn machine(mut self, machine: Arc<dyn Machine>) -> Self {
        self.machine = machine;
        self
    }

    /// Who is at work: what the journal and a refused second starter are told.
    #[must_use]
    pub fn started_by(mut self, holder: Holder) -> Self {
        self.holder = holder;
        self
    }

    /// Opens the stores and prepares the connections; nothing is sent yet.
    ///
    /// # Errors
    /// The configuration cannot be used, or a store cannot be opened.
    ///
    /// # Effects
    /// Makes the stores' files where there are none.
    pub fn open(self) -> Result<Protector, Error> {
        let Self { config, factories, transports, clock, holder, machine } = self;
        let sealer = Sealer::from_key(&config.resolve_secret(&config.protector.encryption_key)?)?;
        let engine = &config.protector.engine;
        let mut sites = BTreeMap::new();
        for (name, site) in &config.protector.sites {
            let cloud = cloud(&config, &transports, name)?;
            let arrays = arrays(&config, &factories, &transports, site)?;
            sites.insert(name.clone(), SiteAccess::new(name.clone(), cloud, arrays, engine.poll_interval));
        }
        let mut stores: Vec<Arc<dyn SiteStore>> = Vec::new();
        for (name, site) in &config.protector.sites {
            let store = SqliteStore::open(&site.store, name.clone())?.with_clock(Arc::clone(&clock));
            stores.push(Arc::new(store));
        }
        let [one, other]: [Arc<dyn SiteStore>; 2] = stores.try_into().map_err(|_| Error::SiteUnknown {
            name: SiteName::new("the second"),
            known: config.protector.sites.keys().cloned().collect(),
        })?;
        let stores = Arc::new(StorePair::new(one, other, Arc::clone(&clock))?);
        let records = Records::new(Arc::clone(&stores), sealer, Arc::clone(&clock));
        let world = Arc::new(World { sites, records, machine, webhooks: webhooks(&transports)? });
        let limits = ExecutionLimits {
            steps_at_a_time: STEPS_AT_A_TIME,
            step_timeout: engine.step_timeout,
            retry_for: engine.retry_for,
            first_pause: engine.poll_interval,
        };
        Ok(Protector {
            executor: Executor::new(kinds(&world), limits),
            config: Arc::new(config.protector),
            world,
            stores,
            context: Context::new(clock),
            holder,
        })
    }
}

/// To wherever hooks say, as the machine's authorities vouch for it.
fn webhooks(transports: &Arc<dyn TransportFactory>) -> Result<Caller, Error> {
    let transport = transports
        .open(&Destination::Webhooks, &TlsSettings::default())
        .map_err(|source| Error::Transport { to: Destination::Webhooks.to_string(), source })?;
    Ok(Caller::new(transport, Arc::new(NoCredentials), STEPS_AT_A_TIME))
}

fn tls(config: &TlsConfig) -> Result<TlsSettings, Error> {
    let files = config.read()?;
    Ok(TlsSettings {
        authorities: files.ca_certificate,
        identity: files.client_identity.map(|identity| identity.to_vec()),
        verify: config.verify,
    })
}

fn cloud(config: &Config, transports: &Arc<dyn TransportFactory>, site: &SiteName) -> Result<Cloud, Error> {
    let cloud = config.clouds.get(site).ok_or_else(|| Error::SiteUnknown {
        name: site.clone(),
        known: config.clouds.keys().cloned().collect(),
    })?;
    connect(site, cloud, transports.as_ref())
}

/// The typed clients of a cloud, for what is asked of it outside any group. `site` is what errors call it.
///
/// # Errors
/// Its certificates cannot be read or used. Nothing is sent yet.
pub fn connect(
    site: &SiteName,
    cloud: &CloudConfig,
    transports: &dyn TransportFactory,
) -> Result<Cloud, Error> {
    let destination = Destination::Site(site.clone());
    let transport = transports
        .open(&destination, &tls(&cloud.tls)?)
        .map_err(|source| Error::Transport { to: destination.to_string(), source })?;
    Ok(Cloud::new(Session::new(site.clone(), cloud.clone(), transport)))
}

fn arrays(
    config: &Config,
    factories: &[Arc<dyn DriverFactory>],
    transports: &Arc<dyn TransportFactory>,
    site: &SiteConfig,
) -> Result<BTreeMap<ArrayName, Arc<dyn StorageDriver>>, Error> {
    let mut arrays = BTreeMap::new();
    for (name, array) in &site.arrays {
        let factory = factories.iter().find(|factory| factory.name() == array.driver).ok_or_else(|| {
            Error::DriverUnknown {
                array: name.to_string(),
                driver: array.driver.clone(),
                known: factories.iter().map(|factory| factory.name().to_owned()).collect(),
            }
        })?;
        let settings = ArraySettings {
            url: array.url.clone(),
            api_token: config.resolve_secret(&array.api_token)?,
            tls: tls(&array.tls())?,
            transports: Arc::clone(transports),
        };
        arrays.insert(name.clone(), factory.open(name, settings)?);
    }
    Ok(arrays)
}
