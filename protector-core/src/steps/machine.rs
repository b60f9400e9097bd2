use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// So much is kept of what a command says, of its end: 8 KiB of each of its two streams.
const KEPT: usize = 8 << 10;

/// The machine that operations reach guests from and run commands on: whoever opens a [`crate::protector::Protector`] says
/// which one that is. Whoever calls bounds the time: what is dropped is ended.
pub trait Machine: Send + Sync + fmt::Debug {
    /// Connects to a TCP port, and lets it go again.
    ///
    /// # Errors
    /// It could not connect.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<()>>;

    /// Runs a command to its end.
    ///
    /// # Errors
    /// It could not be started.
    ///
    /// # Effects
    /// Whatever the command does.
    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, io::Result<CommandEnd>>;
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program's whole path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment: nothing of this program's own goes with it, for that may hold secrets.
    pub environment: BTreeMap<String, String>,
    /// What it reads from its standard input.
    pub input: String,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandEnd {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote last to its standard output, then to its standard error.
    pub output: String,
}

/// The machine that the program runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

impl Machine for ThisMachine {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move { tokio::net::TcpStream::connect(address).await.map(drop) })
    }

    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, io::Result<CommandEnd>> {
        Box::pin(async move {
            let mut child = tokio::process::Command::new(&command.program)
                .args(&command.arguments)
                .env_clear()
                .envs(&command.environment)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let (input, output, error) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
            let tell = async {
                if let Some(mut input) = input {
                    // Whoever does not read what it is told may do so.
                    let _ = input.write_all(command.input.as_bytes()).await;
                }
            };
            let ((), output, error, ended) =
                futures::join!(tell, last_of(output), last_of(error), child.wait());
            let output = [output, error].concat();
            Ok(CommandEnd { code: ended?.code(), output: String::from_utf8_lossy(&output).into_owned() })
        })
    }
}

/// Reads all there is, and keeps the end of it.
async fn last_of(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else { return kept };
    let mut buffer = [0; 4096];
    // What cannot be read any more has come to its end.
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        kept.extend(buffer.iter().take(count));
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        Command {
            program: "/bin/sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment: [("PROTECTOR_GROUP".to_owned(), "shop".to_owned())].into(),
            input: "{}".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_port_that_is_open_is_told_from_one_that_is_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        ThisMachine.connect(address).await.unwrap();
        drop(listener);
        let error = ThisMachine.connect(address).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn a_command_gets_its_input_and_environment_and_nothing_of_the_programs_own() {
        let script =
            "read -r told; echo \"$told $PROTECTOR_GROUP ${CARGO_MANIFEST_DIR-none}\"; echo late >&2; exit 3";
        let end = ThisMachine.run(&shell(script)).await.unwrap();
        assert_eq!(end, CommandEnd { code: Some(3), output: "{} shop none\nlate\n".to_owned() });
    }

    #[tokio::test]
    async fn of_what_a_command_says_the_end_is_kept_and_who_does_not_listen_may_do_so() {
        let script = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done";
        let end = ThisMachine.run(&shell(script)).await.unwrap();
        assert_eq!(end.output.len(), KEPT);
        assert!(end.output.ends_with("line 2999\n"), "{}", end.output);
    }

    #[tokio::test]
    async fn a_command_that_cannot_be_started_says_so() {
        let missing = Command { program: "/no/such/program".to_owned(), ..shell("") };
        assert_eq!(ThisMachine.run(&missing).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
