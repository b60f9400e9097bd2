use super::FlashArray;
use super::error::{Error, malformed};
use super::request::Request;
use futures::Stream;
use futures::stream::{self, TryStreamExt};
use protector_core::transport::{Answer, Context};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{HashSet, VecDeque};

/// Items asked for at a time. Without a limit an array need not give a token for the rest.
pub(super) const PAGE: usize = 1000;

/// No list that is useful has more pages.
const MOST_PAGES: usize = 10_000;

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    items: Option<Vec<T>>,
    continuation_token: Option<String>,
    more_items_remaining: Option<bool>,
}

/// Where the next page begins.
enum Next {
    Token(String),
    Offset(usize),
}

/// The requests still to be sent, and what has come of the first of them.
struct Position {
    requests: VecDeque<Request>,
    next: Option<Next>,
    items: usize,
    pages: usize,
    tokens: HashSet<String>,
}

impl Position {
    fn new(requests: VecDeque<Request>) -> Self {
        Self { requests, next: None, items: 0, pages: 0, tokens: HashSet::new() }
    }
}

/// Lists what several requests give, one after the other, each page by page. A token that comes twice, or a page that
/// holds nothing and announces more, ends the list with an error.
pub(super) fn list<'a, T: DeserializeOwned + Send + 'a>(
    array: &'a FlashArray,
    context: &'a Context,
    requests: Vec<Request>,
) -> impl Stream<Item = Result<T, Error>> + Send + 'a {
    stream::try_unfold(Position::new(requests.into()), move |position| async move {
        let Some(request) = position.requests.front().map(|request| page_of(request, position.next.as_ref()))
        else {
            return Ok(None);
        };
        let answer = array.send(context, &request).await?;
        let page: Page<T> = answer.json().map_err(Error::of)?;
        let items = page.items.unwrap_or_default();
        let token = page.continuation_token.filter(|token| !token.is_empty()).or_else(|| next_token(&answer));
        let position = after(position, items.len(), token, page.more_items_remaining)
            .map_err(|why| malformed(&request.purpose, why))?;
        Ok(Some((stream::iter(items.into_iter().map(Ok)), position)))
    })
    .try_flatten()
}

fn page_of(request: &Request, next: Option<&Next>) -> Request {
    let query = request.query.clone().without("limit").number("limit", PAGE);
    let query = match next {
        None => query,
        Some(Next::Token(token)) => query.value("continuation_token", token),
        Some(Next::Offset(offset)) => query.number("offset", *offset),
    };
    request.clone().with_query(query)
}

fn next_token(answer: &Answer) -> Option<String> {
    answer.header("x-next-token").filter(|token| !token.is_empty()).map(str::to_owned)
}

/// What comes after a page. An array that leaves `more_items_remaining` null while it gives a token has more; one that
/// announces more and gives no token (transfers before 2.29) is asked by offset.
fn after(
    mut position: Position,
    items: usize,
    token: Option<String>,
    more: Option<bool>,
) -> Result<Position, String> {
    position.items += items;
    position.pages += 1;
    position.next = match (more, token) {
        (Some(false), _) | (None, None) => None,
        (_, Some(token)) => {
            if !position.tokens.insert(token.clone()) {
                return Err(format!("the list repeats the token {token}"));
            }
            Some(Next::Token(token))
        }
        (Some(true), None) if items == 0 => return Err("an empty page announces more".to_owned()),
        (Some(true), None) => Some(Next::Offset(position.items)),
    };
    if position.next.is_none() {
        position.requests.pop_front();
        return Ok(Position::new(position.requests));
    }
    if position.pages >= MOST_PAGES {
        return Err(format!("the list has more than {MOST_PAGES} pages"));
    }
    Ok(position)
}
