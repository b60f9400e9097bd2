//! The file: made whole or not at all, and used only after it was found to be this site's store.

use super::fault::Fault;
use super::{documents, schema};
use crate::id::SiteName;
use crate::journal::error::{Cause, Effect, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Marks the file as a store of protector, for us and for `file(1)`: "prot".
pub(super) const APPLICATION_ID: i32 = 0x7072_6f74;

/// How long a writer waits for another process's write.
const BUSY: Duration = Duration::from_secs(10);

/// SQLite's smallest page.
const SMALLEST: u64 = 512;

/// A store's file, found good.
#[derive(Debug)]
pub(super) struct StoreFile {
    /// Without symbolic links, so that all who open it lock the same files beside it.
    pub(super) path: PathBuf,
    pub(super) writer: Connection,
}

/// Makes what is created next readable and writable by its owner only.
#[cfg_attr(not(unix), expect(clippy::needless_pass_by_ref_mut, reason = "modes are an affair of Unix"))]
pub(super) fn owner_only(options: &mut fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Opens the store of a site; makes it if there is no file.
pub(super) fn open(path: &Path, site: &SiteName) -> Result<StoreFile, StoreError> {
    let failed = |source: Cause| StoreError::Unavailable {
        site: site.clone(),
        doing: format!("open {}", path.display()),
        effect: Effect::None,
        source,
    };
    match fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, site)?,
        Err(error) => return Err(failed(Arc::new(error))),
    }
    let path = fs::canonicalize(path).map_err(|error| failed(Arc::new(error)))?;
    let length = fs::metadata(&path).map_err(|error| failed(Arc::new(error)))?.len();
    if length < SMALLEST {
        // SQLite would take it for a new database, and what was lost would never be missed.
        let what = format!("{} has {length} bytes, too few for a database", path.display());
        return Err(StoreError::Corrupt { site: site.clone(), what });
    }
    let writer = existing(&path, site)?;
    Ok(StoreFile { path, writer })
}

/// A connection for reading.
pub(super) fn reader(path: &Path, site: &SiteName) -> Result<Connection, StoreError> {
    let open = || -> Result<Connection, Fault> {
        let connection = connect(path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(|fault| fault.into_error(site, &format!("open {}", path.display()), Effect::None))
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Without it each new value that is bound has its statement planned again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// Makes a store under another name first, so that under its own there is a whole one or none.
fn create(path: &Path, site: &SiteName) -> Result<(), StoreError> {
    let mut making = path.as_os_str().to_owned();
    making.push(format!(".new-{}", uuid::Uuid::new_v4().simple()));
    let making = PathBuf::from(making);
    let doing = format!("create {}", path.display());
    let made =
        make(&making, site).map_err(|fault| fault.into_error(site, &doing, Effect::None)).and_then(|()| {
            place(&making, path).map_err(|error| StoreError::Unavailable {
                site: site.clone(),
                doing,
                effect: Effect::None,
                source: Arc::new(error),
            })
        });
    // What is left under the other name is of no use to anybody; if it stays, it harms nobody.
    drop(fs::remove_file(&making));
    made
}

fn make(path: &Path, site: &SiteName) -> Result<(), Fault> {
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    owner_only(&mut options);
    options.open(path).map_err(|error| Fault::Io(Arc::new(error)))?;
    let mut connection = connect(path)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    schema::migrate(&mut connection, site)?;
    connection.execute("INSERT INTO store (only_one, site) VALUES (1, ?1)", (site.as_str(),))?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Gives a finished store its name. If another process was faster, its store stays.
fn place(making: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(making, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        // A file system without links: two processes that create at the same moment are not told apart here.
        Err(_) if !fs::exists(path)? => fs::rename(making, path)?,
        Err(error) => return Err(error),
    }
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            fs::File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Opens a file that is there, and writes nothing to it before it is known for this site's sound store.
fn existing(path: &Path, site: &SiteName) -> Result<Connection, StoreError> {
    let failed = |fault: Fault| fault.into_error(site, &format!("open {}", path.display()), Effect::None);
    let mut connection = connect(path).map_err(failed)?;
    // A connection that is closed moves the log into the file; into one that is not ours, it must not.
    no_checkpoint_on_close(&connection, true).map_err(failed)?;
    examine(&connection, path, site)?;
    no_checkpoint_on_close(&connection, false).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(|error| failed(error.into()))?;
    schema::migrate(&mut connection, site).map_err(failed)?;
    Ok(connection)
}

fn no_checkpoint_on_close(connection: &Connection, value: bool) -> Result<(), Fault> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, value)?;
    Ok(())
}

fn examine(connection: &Connection, path: &Path, site: &SiteName) -> Result<(), StoreError> {
    let failed = |fault: Fault| fault.into_error(site, &format!("read {}", path.display()), Effect::None);
    let another = |found: String| StoreError::AnotherStore {
        site: site.clone(),
        path: path.display().to_string(),
        found,
    };
    let application: i32 = connection
        .query_row("PRAGMA application_id", (), |row| row.get(0))
        .map_err(|error| failed(error.into()))?;
    if application != APPLICATION_ID {
        return Err(another("it is a database of another program".to_owned()));
    }
    schema::refuse_newer(connection, site).map_err(failed)?;
    let complaint: String = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
        .map_err(|error| failed(error.into()))?;
    if complaint != "ok" {
        let what = format!("{}: {}", path.display(), complaint.trim());
        return Err(StoreError::Corrupt { site: site.clone(), what });
    }
    match documents::site(connection).map_err(failed)? {
        Some(found) if found == *site => Ok(()),
        Some(found) => Err(another(format!("it is that of site {found}"))),
        None => Err(StoreError::Corrupt {
            site: site.clone(),
            what: format!("{} does not say whose it is", path.display()),
        }),
    }
}
