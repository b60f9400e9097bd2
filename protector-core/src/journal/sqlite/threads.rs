//! The threads that own a file's connections, so that no async caller ever waits in SQLite.
//!
//! One thread writes. What has queued up while it was busy goes into one transaction, each write within a savepoint
//! of its own, so that many writers share one flush to disk. A few threads read.

use super::fault::Fault;
use crate::id::{GroupId, SiteName};
use crate::journal::error::{Cause, Effect, StoreError};
use crate::time::{Busy, Clock};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// How many writes share one transaction at most: bounds what one failed flush takes with it.
const BATCH: usize = 128;

/// The locks of the terms that are held through this store, by group.
pub(super) type Locks = HashMap<GroupId, File>;

type Read = Box<dyn FnOnce(&mut Connection) + Send>;
type Exclusive = Box<dyn FnOnce(&mut Connection, &mut Locks) + Send>;

enum Job {
    /// May share its transaction with others.
    Shared(Box<dyn Write>),
    /// Has the connection for itself.
    Exclusive(Exclusive),
}

/// A write that is run, and answered only when its transaction has ended.
trait Write: Send {
    /// Runs it; false if its changes are not to be kept.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Why it could not be run, if it could not.
    fn cause(&self) -> Option<Cause>;
    /// Answers: its own result, or why the transaction failed.
    fn answer(self: Box<Self>, failure: Option<&Failure>);
}

/// A transaction that failed as a whole.
struct Failure {
    effect: Effect,
    source: Cause,
}

impl Failure {
    fn new(effect: Effect, error: rusqlite::Error) -> Self {
        Self { effect, source: Arc::new(error) }
    }
}

struct Task<T, F> {
    site: SiteName,
    doing: String,
    run: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        self.result = self.run.take().map(|run| {
            run(connection).map_err(|fault| fault.into_error(&self.site, &self.doing, Effect::None))
        });
        matches!(self.result, Some(Ok(_)))
    }

    fn cause(&self) -> Option<Cause> {
        match &self.result {
            Some(Err(StoreError::Unavailable { source, .. })) => Some(Arc::clone(source)),
            _ => None,
        }
    }

    fn answer(self: Box<Self>, failure: Option<&Failure>) {
        let Self { site, doing, result, reply, .. } = *self;
        let answer = match (failure, result) {
            (None, Some(result)) => Some(result),
            (Some(failure), _) => Some(Err(StoreError::Unavailable {
                site,
                doing,
                effect: failure.effect,
                source: Arc::clone(&failure.source),
            })),
            (None, None) => None,
        };
        // A caller who no longer listens loses the answer, not the write.
        if let Some(answer) = answer {
            drop(reply.send(answer));
        }
    }
}

/// The threads of one file. Dropping it lets them finish what was queued and waits for them.
#[derive(Debug)]
pub(super) struct Threads {
    site: SiteName,
    to_writer: Option<Sender<Job>>,
    to_readers: Option<Sender<Read>>,
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    clock: Option<Arc<dyn Clock>>,
}

impl Threads {
    /// Starts one thread for each connection.
    pub(super) fn start(site: &SiteName, writer: Connection, readers: Vec<Connection>) -> io::Result<Self> {
        let (to_writer, jobs) = channel();
        let (to_readers, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut threads = Self {
            site: site.clone(),
            to_writer: Some(to_writer),
            to_readers: Some(to_readers),
            readers: Vec::new(),
            writer: None,
            clock: None,
        };
        let named = |role: &str| std::thread::Builder::new().name(format!("{role} {site}"));
        threads.writer = Some(named("write").spawn(move || write_all(writer, &jobs))?);
        for reader in readers {
            let queue = Arc::clone(&queue);
            threads.readers.push(named("read").spawn(move || read_all(reader, &queue))?);
        }
        Ok(threads)
    }

    /// Has a clock know when the threads are at work.
    pub(super) fn tell(&mut self, clock: Arc<dyn Clock>) {
        self.clock = Some(clock);
    }

    fn busy(&self) -> Busy {
        self.clock.as_ref().map(|clock| clock.busy()).unwrap_or_default()
    }

    /// Runs a write; its changes are durable when this answers `Ok`.
    pub(super) async fn write<T, F>(&self, doing: String, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let _busy = self.busy();
        let task =
            Task { site: self.site.clone(), doing: doing.clone(), run: Some(run), result: None, reply };
        send(self.to_writer.as_ref(), Job::Shared(Box::new(task)));
        answer.await.unwrap_or_else(|_| Err(self.stopped(doing)))
    }

    /// Runs something that ends its own transactions and may change the locks.
    pub(super) async fn exclusive<T, F>(&self, doing: String, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection, &mut Locks) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let _busy = self.busy();
        let job: Exclusive = Box::new(move |connection, locks| drop(reply.send(run(connection, locks))));
        send(self.to_writer.as_ref(), Job::Exclusive(job));
        answer.await.unwrap_or_else(|_| Err(self.stopped(doing)))
    }

    /// Runs a read on one consistent state.
    pub(super) async fn read<T, F>(&self, doing: String, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let _busy = self.busy();
        let (site, said) = (self.site.clone(), doing.clone());
        let job: Read = Box::new(move |connection| {
            let result = connection
                .transaction_with_behavior(TransactionBehavior::Deferred)
                .map_err(Fault::from)
                .and_then(|transaction| run(&transaction))
                .map_err(|fault| fault.into_error(&site, &said, Effect::None));
            drop(reply.send(result));
        });
        send(self.to_readers.as_ref(), job);
        answer.await.unwrap_or_else(|_| Err(self.stopped(doing)))
    }

    fn stopped(&self, doing: String) -> StoreError {
        let source: Cause = Arc::new(io::Error::other("the store's thread has stopped"));
        StoreError::Unavailable { site: self.site.clone(), doing, effect: Effect::Unknown, source }
    }
}

/// A queue without its thread drops the job, and with it the reply: the caller sees that.
fn send<T>(queue: Option<&Sender<T>>, job: T) {
    if let Some(queue) = queue {
        drop(queue.send(job));
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.to_readers = None;
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
        // The writer last, and alone: the last connection to go moves the log into the file, and two that go at the
        // same moment each leave it to the other.
        self.to_writer = None;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

fn read_all(mut connection: Connection, queue: &Mutex<Receiver<Read>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(&mut connection),
            Err(_) => return,
        }
    }
}

fn write_all(mut connection: Connection, jobs: &Receiver<Job>) {
    let mut locks = Locks::new();
    let mut next = jobs.recv().ok();
    while let Some(job) = next.take() {
        match job {
            Job::Exclusive(job) => job(&mut connection, &mut locks),
            Job::Shared(first) => {
                let mut batch = vec![first];
                while batch.len() < BATCH {
                    match jobs.try_recv() {
                        Ok(Job::Shared(job)) => batch.push(job),
                        Ok(job @ Job::Exclusive(_)) => {
                            next = Some(job);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                let failure = run_batch(&connection, &mut batch).err();
                for job in batch {
                    job.answer(failure.as_ref());
                }
            }
        }
        next = next.or_else(|| jobs.recv().ok());
    }
}

/// Runs all in one transaction. A failure takes them all with it.
fn run_batch(connection: &Connection, batch: &mut [Box<dyn Write>]) -> Result<(), Failure> {
    let statement =
        |sql: &str| connection.execute_batch(sql).map_err(|error| Failure::new(Effect::None, error));
    let lone = batch.len() == 1;
    let mut kept = false;
    let run = |kept: &mut bool| -> Result<(), Failure> {
        for job in batch {
            if !lone {
                statement("SAVEPOINT one")?;
            }
            let keep = job.run(connection);
            *kept |= keep;
            // A full disk or an I/O error may have rolled back everything, not only this job.
            if connection.is_autocommit() {
                return if lone { Ok(()) } else { Err(rolled_back(job.cause())) };
            }
            if !lone {
                statement(if keep { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" })?;
            }
        }
        Ok(())
    };
    statement("BEGIN IMMEDIATE")?;
    let outcome = run(&mut kept).and_then(|()| {
        if connection.is_autocommit() || !kept {
            return Ok(());
        }
        // The log may already hold what could not be flushed: nobody knows whether it will be found again.
        connection.execute_batch("COMMIT").map_err(|error| Failure::new(Effect::Unknown, error))
    });
    if !connection.is_autocommit() {
        // Fails only if there is nothing to roll back.
        drop(connection.execute_batch("ROLLBACK"));
    }
    outcome
}

fn rolled_back(cause: Option<Cause>) -> Failure {
    let source = cause.unwrap_or_else(|| Arc::new(io::Error::other("the transaction was rolled back")));
    Failure { effect: Effect::None, source }
}
