//! How an answer goes onto the wire.

use super::line::Scissors;
use crate::gate::Manner;
use crate::http::Response;
use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::header::CONTENT_LENGTH;
use protector_core::time::Clock;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What is in the way of a reset is on the wire after this.
const FLUSHED: Duration = Duration::from_millis(20);

/// Blanks are sent in pieces of this size.
const PIECE: usize = 1 << 16;

pub(super) fn sent(
    response: Response,
    manner: Manner,
    scissors: Scissors,
    clock: Arc<dyn Clock>,
) -> axum::response::Response {
    let (mut parts, body) = response.into_parts();
    let mut long = |length: u64| {
        parts.headers.insert(CONTENT_LENGTH, length.into());
    };
    let length = body.len() as u64;
    let body = match manner {
        Manner::Whole => Body::from(body),
        Manner::ThenClosed => {
            long(length);
            Body::from_stream(stream::iter([Ok::<_, io::Error>(body)]).chain(broken(scissors, clock, false)))
        }
        Manner::Cut { after } => {
            long(length);
            let first = body.slice(..after.min(body.len()));
            Body::from_stream(stream::iter([Ok::<_, io::Error>(first)]).chain(broken(scissors, clock, true)))
        }
        Manner::Slow { pause } => {
            long(length);
            Body::from_stream(stream::unfold((body, clock), move |(mut rest, clock)| async move {
                if rest.is_empty() {
                    return None;
                }
                clock.sleep(pause).await;
                let next = rest.split_to(1);
                Some((Ok::<_, io::Error>(next), (rest, clock)))
            }))
        }
        Manner::Padded { blanks } => {
            long(length.saturating_add(blanks));
            let piece = Bytes::from(vec![b' '; PIECE]);
            let padding = stream::unfold(blanks, move |left| {
                let next = piece.slice(..usize::try_from(left).unwrap_or(PIECE).min(PIECE));
                let left = left - next.len() as u64;
                futures::future::ready((!next.is_empty()).then_some((Ok::<_, io::Error>(next), left)))
            });
            Body::from_stream(padding.chain(stream::iter([Ok(body)])))
        }
    };
    axum::response::Response::from_parts(parts, body)
}

/// Waits until what was sent is on the wire, then ends the connection.
fn broken(
    scissors: Scissors,
    clock: Arc<dyn Clock>,
    reset: bool,
) -> impl futures::Stream<Item = io::Result<Bytes>> {
    stream::once(async move {
        clock.sleep(FLUSHED).await;
        scissors.cut(reset);
        Err(io::ErrorKind::ConnectionReset.into())
    })
}
