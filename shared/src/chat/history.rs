//! The messages of a conversation, page by page.

use serde::Serialize;
use utoipa::ToSchema;

use super::change::last_revision;
use super::message::{MessageItem, RevisionItem};
use super::{ConversationId, Message, Seq, last_message, must_be_friends};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::store::retry::Backoff;
use crate::store::{Page, Query};

/// Which messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The last ones.
    Latest,
    /// The last ones before this one.
    Before(Seq),
    /// The first ones behind this one.
    After(Seq),
    /// The first ones that were changed after this revision, in the order of their revisions.
    ChangedAfter(u64),
}

/// Some of a conversation's messages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// They, in ascending order: by seq, those changed after a revision by revision.
    pub items: Vec<Message>,
    /// The last message there is.
    pub last_seq: Seq,
    /// The last change there was. Whoever has the latest messages, or all that were changed after what
    /// they had, has seen every change up to it.
    pub last_revision: u64,
}

/// Up to `limit` messages of a conversation that the viewer has. Two round trips, 2 R and 1 R per
/// 4 KB of messages; of those changed, 1 R each.
///
/// First how far the conversation is, and then the messages: so a client that has a page, and what
/// comes after it, has seen everything up to the revision that the page names. At once, a change
/// could be made between the two, and never be looked for again. (Of changes, the ones that are found
/// say themselves how far they go.)
pub async fn history(
    app: &App,
    viewer: UserId,
    conversation: ConversationId,
    span: Span,
    limit: usize,
) -> Result<History> {
    let peer = conversation.peer_of(viewer).ok_or(Error::NotFound)?;
    let mut pause = Backoff::default();
    loop {
        let (last, last_revision, changed) = tokio::try_join!(
            last_message(app, conversation),
            last_revision(app, conversation),
            changed(app, conversation, span, limit),
        )?;
        let Some(last) = last else {
            must_be_friends(app, viewer, peer).await?;
            return Ok(History { items: Vec::new(), last_seq: Seq(0), last_revision: 0 });
        };
        let items = match &changed {
            Some(changed) => as_they_are(app, conversation, &changed.items).await?,
            None => page(app, conversation, span, limit).await?,
        };
        // All that had changed has changed once more in between.
        if items.is_empty() && changed.as_ref().is_some_and(|changed| !changed.items.is_empty()) {
            pause.wait("others change the same messages").await?;
            continue;
        }
        let last_revision = match (span, changed) {
            (Span::ChangedAfter(after), Some(changed)) => {
                let found = changed.items.last().map_or(after.min(last_revision), |last| last.revision);
                if changed.more { last_revision.max(found) } else { found }
            }
            _ => last_revision,
        };
        let last_seq = items.iter().map(|item| item.seq).fold(last.seq, Seq::max);
        let items = items.into_iter().map(MessageItem::into_message).collect();
        return Ok(History { items, last_seq, last_revision });
    }
}

/// The revisions behind one, if that is what is asked for.
async fn changed(
    app: &App,
    conversation: ConversationId,
    span: Span,
    limit: usize,
) -> Result<Option<Page<RevisionItem>>> {
    let Span::ChangedAfter(revision) = span else { return Ok(None) };
    let prefix = keys::revisions(conversation);
    let after = keys::revision(conversation, revision).sk;
    app.store.query(Query::first(&prefix, limit).beyond(Some(&after))).await.map(Some)
}

/// The messages that have these revisions. One that was changed again since has another one, under
/// which it is found later: with it here, a client would take the ones between for seen.
async fn as_they_are(
    app: &App,
    conversation: ConversationId,
    changed: &[RevisionItem],
) -> Result<Vec<MessageItem>> {
    let key = |item: &RevisionItem| keys::message(conversation, item.seq);
    let mut found = app.store.batch_get(&changed.iter().map(key).collect::<Vec<_>>()).await?;
    let mut items = Vec::new();
    for revision in changed {
        let item = found.take::<MessageItem>(&key(revision))?;
        items.extend(item.filter(|item| item.revision == revision.revision));
    }
    Ok(items)
}

/// The messages of a span by seq. DynamoDB ends a page at 1 MB, which long messages fill before the
/// limit: then there are more.
async fn page(app: &App, conversation: ConversationId, span: Span, limit: usize) -> Result<Vec<MessageItem>> {
    let prefix = keys::messages(conversation);
    let (bound, forwards) = match span {
        Span::After(seq) => (Some(seq), true),
        Span::Before(seq) => (Some(seq), false),
        Span::Latest | Span::ChangedAfter(_) => (None, false),
    };
    let mut bound = bound.map(|seq| keys::message(conversation, seq).sk);
    let mut items: Vec<MessageItem> = Vec::new();
    loop {
        let rest = limit - items.len();
        let query = if forwards { Query::first(&prefix, rest) } else { Query::last(&prefix, rest) };
        let page: Page<MessageItem> = app.store.query(query.beyond(bound.as_deref())).await?;
        items.extend(page.items);
        if !page.more || items.len() >= limit {
            break;
        }
        bound = items.last().map(|item| keys::message(conversation, item.seq).sk);
    }
    if !forwards {
        items.reverse();
    }
    Ok(items)
}
