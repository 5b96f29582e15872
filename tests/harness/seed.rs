//! Much of something, written past the API.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use shared::clock::{Clock, Timestamp};
use shared::friends::pair::{Bond, Side, Tie};
use shared::ids::{Ids, PostId, UserId};
use shared::keys;

use super::{Fault, Kith, Person};

impl Kith {
    /// Writes items as they are.
    pub(crate) async fn seed(&self, items: Vec<Value>) {
        write_items(&Client::new(self.stack().sdk()), items).await;
    }

    /// Leaves so many connections of somebody of which it was never heard that they ended.
    pub(crate) async fn seed_connections(&self, user: &str, many: usize) {
        let now = self.stack().clock().clock().now();
        let connection = |number: usize| {
            json!({
                "userId": user, "connectionId": number.to_string(), "sessionId": "A".repeat(43),
                "connectedAt": now, "isOver": false,
            })
        };
        self.seed(vec![json!({
            "PK": format!("USER#{user}"), "SK": "CONNECTIONS", "userId": user,
            "known": (0..many).map(connection).collect::<Vec<_>>(), "writeId": "seed",
        })])
        .await;
    }

    /// Gives somebody so many posts, a minute apart and the last one a minute ago; answers their
    /// ids, the newest first.
    pub(crate) async fn seed_posts(&self, author: &Person, many: i64, visibility: &str) -> Vec<String> {
        let posts = self.seed_bare_posts(author, many, visibility).await;
        let counters = |id: &String| {
            json!({
                "PK": format!("POST#{id}"), "SK": "COUNTERS",
                "likeCount": 0, "commentCount": 0, "visibility": visibility, "writeId": "seed",
            })
        };
        self.seed(posts.iter().map(counters).collect()).await;
        posts
    }

    /// The same without their counters, which no list needs.
    pub(crate) async fn seed_bare_posts(&self, author: &Person, many: i64, visibility: &str) -> Vec<String> {
        let now = self.stack().clock().clock().now().millis();
        let author: UserId = author.id.parse().unwrap();
        let posts: Vec<PostId> = (1..=many).map(|minutes| post_at(author, now - minutes * 60_000)).collect();
        let pk = format!("USER#{author}#POSTS");
        let item = |id: &PostId| {
            json!({
                "PK": pk, "SK": format!("POST#{}", id.number()),
                "GSI1PK": format!("{pk}#{visibility}"), "GSI1SK": id.number(),
                "postId": id, "text": "seeded", "visibility": visibility, "version": 1, "writeId": "seed",
            })
        };
        self.seed(posts.iter().map(item).collect()).await;
        posts.into_iter().map(|id| id.to_string()).collect()
    }

    /// Leaves so many comments of somebody on a post, as if they were made now, past its counters.
    pub(crate) async fn seed_comments(&self, post: &str, author: &Person, many: usize) {
        let ids = Ids::random(self.stack().clock().clock());
        let item = |_| {
            let id = ids.comment_id();
            json!({
                "PK": format!("POST#{post}"), "SK": format!("COMMENT#{id}"),
                "GSI1PK": format!("USER#{}#COMMENTS", author.id), "GSI1SK": id,
                "postId": post, "commentId": id, "authorId": author.id, "text": "seeded", "version": 1,
                "writeId": "seed",
            })
        };
        self.seed((0..many).map(item).collect()).await;
    }

    /// Leaves a job that is to distribute a post, has not begun, and stands still; and one before it
    /// that nobody can read.
    pub(crate) async fn stall(&self, post: &str) {
        // What else there is to be followed is not given up, and so must be seen to before.
        self.drained().await;
        self.faults().always(Fault::CrashBefore);
        let due = self.stack().clock().clock().now();
        let job = |id: &str, work: Value| {
            let place = keys::job_due(due, id);
            json!({
                "PK": format!("JOB#{id}"), "SK": "JOB", "GSI1PK": place.pk, "GSI1SK": place.sk,
                "work": work, "attempts": 0, "due": due, "turn": "seed", "writeId": "seed",
            })
        };
        let distribute = json!({ "kind": "distribute", "post": post });
        let jobs =
            vec![job("a", json!({ "kind": "unknown" })), job(&format!("distribute-{post}"), distribute)];
        self.seed(jobs).await;
        // Until the stream has given them up.
        self.stack().drained().await;
        self.faults().stop();
    }

    /// Puts so many posts of an author, which need not be there, into somebody's feed, a millisecond
    /// apart and the last one at a time, in milliseconds; they expire then, in seconds.
    pub(crate) async fn seed_entries(&self, reader: &str, author: &str, many: i64, last: i64, ttl: i64) {
        let author: UserId = author.parse().unwrap();
        let entry = |back: i64| {
            let id = post_at(author, last - back);
            let sk = format!("ENTRY#{}#{author}", id.number());
            json!({ "PK": format!("USER#{reader}#FEED"), "SK": sk, "postId": id, "ttl": ttl })
        };
        self.seed((0..many).map(entry).collect()).await;
    }

    /// Gives somebody so many friends, who are nothing but that; answers their ids.
    pub(crate) async fn seed_friends(&self, user: &Person, many: usize) -> Vec<String> {
        let (friends, edges) = friendships(&user.id, many);
        self.seed(edges).await;
        friends
    }
}

/// So many friends of somebody, and their friendships as items.
///
/// Only this side of each, and of people who are older: so it is not told that they became
/// friends, which would start a job for each of them; and they had asked, so that nobody is notified.
pub(crate) fn friendships(user: &str, many: usize) -> (Vec<String>, Vec<Value>) {
    let since = Timestamp::from_millis(1_000_000_000_000);
    let ids = Ids::random(Clock::from_fn(move || since));
    let friends: Vec<_> = (0..many).map(|_| ids.user_id().to_string()).collect();
    let bond = Bond { tie: Tie::Friends { by: Side::Them, asked: since, since }, ..Bond::default() };
    let edge = |peer: &String| {
        json!({
            "PK": format!("USER#{user}"), "SK": format!("RELATION#{peer}"),
            "GSI1PK": format!("USER#{user}#FRIENDS"), "GSI1SK": format!("{since}#{peer}"),
            "userId": user, "peerId": peer, "bond": bond, "writeId": "seed",
        })
    };
    let edges = friends.iter().map(edge).collect();
    (friends, edges)
}

/// Writes items as they are, many at once.
pub(crate) async fn write_items(client: &Client, items: Vec<Value>) {
    let batches: Vec<Vec<WriteRequest>> =
        items.chunks(25).map(|batch| batch.iter().map(put).collect()).collect();
    let writes = batches.into_iter().map(|batch| {
        let call = client.batch_write_item().request_items("kith-Table", batch);
        async move {
            let left = call.send().await.unwrap().unprocessed_items.unwrap_or_default();
            assert!(left.is_empty(), "the embedded one leaves nothing unprocessed");
        }
    });
    stream::iter(writes).buffer_unordered(8).collect::<Vec<()>>().await;
}

/// The id of a post that somebody wrote then.
fn post_at(author: UserId, millis: i64) -> PostId {
    Ids::random(Clock::from_fn(move || Timestamp::from_millis(millis))).post_id(author)
}

fn put(item: &Value) -> WriteRequest {
    let item: HashMap<String, AttributeValue> = serde_dynamo::to_item(item).unwrap();
    let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
    WriteRequest::builder().put_request(put).build()
}
