//! A connection that can be cut off by whoever answers on it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

const WHOLE: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// Cuts a line.
#[derive(Debug, Clone)]
pub(super) struct Scissors(Arc<AtomicU8>);

impl Scissors {
    /// Nothing more goes out on the line; its other end sees an orderly end or a reset.
    pub(super) fn cut(&self, reset: bool) {
        self.0.store(if reset { RESET } else { CLOSED }, Ordering::Release);
    }
}

/// One connection, below TLS.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    state: Arc<AtomicU8>,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> (Self, Scissors) {
        let state = Arc::new(AtomicU8::new(WHOLE));
        let scissors = Scissors(Arc::clone(&state));
        (Self { stream, state }, scissors)
    }

    fn whole(&self) -> io::Result<()> {
        match self.state.load(Ordering::Acquire) {
            WHOLE => Ok(()),
            _ => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.state.load(Ordering::Acquire) == RESET {
            // Closing a socket that does not linger resets it.
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
