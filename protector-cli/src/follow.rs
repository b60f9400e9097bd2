use crate::progress::{Display, Style, say};
use protector_core::faces::exit;
use protector_core::protector::{Error, OperationHandle, OperationReport};
use tokio_util::sync::CancellationToken;

/// Shows what happens in an operation that this process runs, until the run is over. Ctrl-C stops it after what is under way;
/// a second one ends the process at once, which loses nothing either.
///
/// # Errors
/// The stores cannot be read, or the task was lost.
pub async fn follow(mut handle: OperationHandle, style: Style) -> Result<OperationReport, Error> {
    stop_when_interrupted(handle.stop_token(), "`resume` continues");
    let display = Display::new(handle.id(), handle.plan(), style);
    while let Some(progress) = handle.next().await {
        display.show(&progress);
    }
    display.end();
    handle.finish().await
}

/// Ctrl-C stops what this process runs after what is under way; a second one ends the process.
pub(crate) fn stop_when_interrupted(stop: CancellationToken, continued: &'static str) {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            say(&format!("stopping after what is under way; {continued}"));
            stop.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(exit::UNFINISHED));
        }
    });
}
