//! Much of something, written past the API.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use shared::clock::{Clock, Timestamp};
use shared::friends::pair::{Bond, Side, Tie};
use shared::ids::{Ids, PostId, UserId};

use super::{Fault, Kith, Person};

impl Kith {
    /// Writes items as they are, many at once.
    pub(crate) async fn seed(&self, items: Vec<Value>) {
        let client = Client::new(self.stack().sdk());
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

    /// Gives somebody so many posts, a minute apart and the last one a minute ago; answers their
    /// ids, the newest first.
    pub(crate) async fn seed_posts(&self, author: &Person, many: i64, visibility: &str) -> Vec<String> {
        let now = self.stack().clock().clock().now().millis();
        let author: UserId = author.id.parse().unwrap();
        let posts: Vec<PostId> = (1..=many).map(|minutes| post_at(author, now - minutes * 60_000)).collect();
        let mut items = Vec::new();
        for id in &posts {
            let pk = format!("USER#{author}#POSTS");
            items.push(json!({
                "PK": pk, "SK": format!("POST#{}", id.number()),
                "GSI1PK": format!("{pk}#{visibility}"), "GSI1SK": id.number(),
                "postId": id, "text": "seeded", "visibility": visibility, "version": 1, "writeId": "seed",
            }));
            items.push(json!({
                "PK": format!("POST#{id}"), "SK": "COUNTERS",
                "likeCount": 0, "commentCount": 0, "visibility": visibility, "writeId": "seed",
            }));
        }
        self.seed(items).await;
        posts.into_iter().map(|id| id.to_string()).collect()
    }

    /// Leaves a job that is to distribute a post, has not begun, and stands still.
    pub(crate) async fn stall(&self, post: &str) {
        self.faults().always(Fault::CrashBefore);
        let (id, due) = (format!("distribute-{post}"), self.stack().clock().clock().now());
        let job = json!({
            "PK": format!("JOB#{id}"), "SK": "JOB", "GSI1PK": "JOBS", "GSI1SK": format!("{due}#{id}"),
            "work": { "kind": "distribute", "post": post }, "attempts": 0, "due": due, "writeId": "seed",
        });
        self.seed(vec![job]).await;
        // Until the stream has given it up.
        self.stack().drained().await;
        self.faults().stop();
    }

    /// Gives somebody so many friends, who are nothing but that; answers their ids.
    ///
    /// Only this side of each friendship, and of people who are older: so it is not told that they
    /// became friends, which would start a job for each of them.
    pub(crate) async fn seed_friends(&self, user: &Person, many: usize) -> Vec<String> {
        let since = self.stack().clock().clock().now();
        let ids = Ids::random(Clock::from_fn(|| Timestamp::from_millis(1_000_000_000_000)));
        let friends: Vec<UserId> = (0..many).map(|_| ids.user_id()).collect();
        let bond = Bond { tie: Tie::Friends { by: Side::Me, asked: since, since }, ..Bond::default() };
        let edge = |peer: &UserId| {
            json!({
                "PK": format!("USER#{}", user.id), "SK": format!("RELATION#{peer}"),
                "GSI1PK": format!("USER#{}#FRIENDS", user.id), "GSI1SK": format!("{since}#{peer}"),
                "userId": user.id, "peerId": peer, "bond": bond, "writeId": "seed",
            })
        };
        self.seed(friends.iter().map(edge).collect()).await;
        friends.into_iter().map(|friend| friend.to_string()).collect()
    }
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
