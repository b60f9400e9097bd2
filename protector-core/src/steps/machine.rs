use futures::future::BoxFuture;
use std::fmt;
use std::io;
use std::net::SocketAddr;

/// The machine that operations reach guests from: whoever opens a [`crate::protector::Protector`] says which one that is.
pub trait Machine: Send + Sync + fmt::Debug {
    /// Connects to a TCP port, and lets it go again. Whoever calls bounds the time.
    ///
    /// # Errors
    /// It could not connect.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<()>>;
}

/// The machine that the program runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

impl Machine for ThisMachine {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move { tokio::net::TcpStream::connect(address).await.map(drop) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_is_open_is_told_from_one_that_is_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        ThisMachine.connect(address).await.unwrap();
        drop(listener);
        let error = ThisMachine.connect(address).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
