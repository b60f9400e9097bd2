//! Who writes, one write after the other, whatever else happens.

use crate::client::Client;
use crate::history::{History, Write};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The array and the volumes that are written.
pub(crate) const SOURCE: &str = "array-a/quiet";

pub(crate) fn volume(number: usize) -> String {
    format!("volume-{number}")
}

/// How far it has come, by the numbers of writes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// Sent.
    pub(crate) begun: u64,
    /// Answered.
    pub(crate) done: u64,
}

#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) history: History,
    /// The write that got no answer.
    unclear: Option<Write>,
    progress: watch::Sender<Progress>,
}

impl Writer {
    pub(crate) fn new(seed: u64) -> Self {
        let progress = watch::Sender::new(Progress::default());
        Self { history: History::new(seed), unclear: None, progress }
    }

    /// Begins to write, as often as it is allowed to, until nobody answers.
    pub(crate) fn write(mut self, client: Arc<Client>) -> Writing {
        let (allowed, mut allowance) = watch::channel(0);
        let progress = self.progress.subscribe();
        let task = tokio::spawn(async move {
            let mut written = 0;
            while allowance.wait_for(|allowed| *allowed > written).await.is_ok() {
                written += 1;
                let write = self.history.choose();
                let bytes = self.history.bytes(&write);
                self.progress.send_modify(|progress| progress.begun = write.number);
                if client.write(SOURCE, &volume(write.volume), write.offset(), bytes).await.is_err() {
                    self.unclear = Some(write);
                    break;
                }
                self.history.happened(&write);
                self.progress.send_modify(|progress| progress.done = write.number);
            }
            self
        });
        Writing { allowed, progress, task }
    }

    /// Finds out whether the write without an answer has happened: all of it or nothing.
    pub(crate) async fn look_again(&mut self, client: &Client) {
        let Some(write) = self.unclear.take() else { return };
        let wanted = self.history.bytes(&write);
        let what =
            format!("volume={}&offset={}&length={}", volume(write.volume), write.offset(), wanted.len());
        let found = client.read(SOURCE, &what).await.unwrap();
        if found == wanted {
            self.history.happened(&write);
        } else {
            assert!(found == self.history.before(&write), "a part of {write:?} has happened");
        }
    }
}

/// A writer at work.
#[derive(Debug)]
pub(crate) struct Writing {
    allowed: watch::Sender<u64>,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<Writer>,
}

impl Writing {
    pub(crate) fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Allows so many writes more.
    pub(crate) fn allow(&self, writes: u64) {
        self.allowed.send_modify(|allowed| *allowed += writes);
    }

    /// Waits until so many writes more have begun; they have to be allowed.
    pub(crate) async fn begun(&mut self, writes: u64) {
        let wanted = self.progress().begun + writes;
        tokio::select! {
            reached = self.progress.wait_for(|progress| progress.begun >= wanted) => drop(reached.unwrap()),
            _ = &mut self.task => panic!("the writer ended before"),
        }
    }

    /// Lets it do what it still may, unless it has given up.
    pub(crate) async fn end(self) -> Writer {
        drop(self.allowed);
        self.task.await.unwrap()
    }
}
