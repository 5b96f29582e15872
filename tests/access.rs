//! Who may do what: every route of the OpenAPI document, tried by everybody that somebody can
//! be to somebody else. A route without a row here fails, and so does a row without a route.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Kith, Person};

/// What the one who calls is to the one it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Stranger,
    /// Has asked them to be friends.
    Requester,
    ExFriend,
    Friend,
    /// Is blocked by them.
    Blocked,
    /// Blocks them.
    Blocker,
    /// Is them.
    Owner,
}

const ROLES: [Role; 7] = [
    Role::Stranger,
    Role::Requester,
    Role::ExFriend,
    Role::Friend,
    Role::Blocked,
    Role::Blocker,
    Role::Owner,
];

/// A route: its method and path, a body, and what each of [`ROLES`] is answered.
type Row = (&'static str, &'static str, Value, [u16; 7]);

/// With CONVERSATION for the one that the caller and somebody else have, OWNER, NAME and SESSION for what is somebody else's, PUBLIC, SHARED and PRIVATE for their
/// posts, COMMENT for their comment on the first of these, and CALLER for the one who calls.
fn rows() -> Vec<Row> {
    let none = || Value::Null;
    let everybody = |status: u16| [status; 7];
    let visible = [200, 200, 200, 200, 404, 200, 200];
    let request = "/v1/friend-requests/CALLER-OWNER";
    let text = || json!({ "text": "x" });
    let public = |status: u16| [status, status, status, status, 404, 404, status];
    let shared = |status: u16| [404, 404, 404, status, 404, 404, status];
    let private = |status: u16| [404, 404, 404, 404, 404, 404, status];
    let friends = |status: u16| [404, 404, 404, status, 404, 404, 404];
    // What only its owner may do, and whoever sees it is told so.
    let owners = |seen: [u16; 7], status: u16| {
        let mut answers = seen.map(|seen| if seen == 404 { 404 } else { 403 });
        answers[6] = status;
        answers
    };
    let wrong = json!({ "currentPassword": "not-this-one", "newPassword": "another-Trombone-2031-puddle" });
    vec![
        ("GET", "/v1/me", none(), everybody(200)),
        ("PATCH", "/v1/me", json!({ "bio": "b" }), everybody(200)),
        ("PUT", "/v1/me/status", json!({ "text": "x" }), everybody(204)),
        ("PUT", "/v1/me/password", wrong, everybody(403)),
        ("POST", "/v1/me/avatar", json!({ "contentType": "image/png", "contentLength": 9 }), everybody(201)),
        ("DELETE", "/v1/me/avatar", none(), everybody(204)),
        ("GET", "/v1/sessions", none(), everybody(200)),
        ("DELETE", "/v1/sessions", none(), everybody(204)),
        ("DELETE", "/v1/sessions/SESSION", none(), [404, 404, 404, 404, 404, 404, 204]),
        ("GET", "/v1/users?query=NAME", none(), everybody(200)),
        ("GET", "/v1/users/OWNER", none(), visible),
        ("GET", "/v1/usernames/NAME", none(), visible),
        ("POST", "/v1/friend-requests", json!({ "to": "OWNER" }), [201, 409, 201, 409, 404, 403, 404]),
        ("GET", "/v1/friend-requests?direction=incoming", none(), everybody(200)),
        ("GET", request, none(), [404, 200, 404, 200, 404, 404, 404]),
        ("PATCH", request, json!({ "status": "accepted" }), [404, 403, 404, 403, 404, 404, 404]),
        ("DELETE", request, none(), [404, 204, 404, 409, 404, 404, 404]),
        ("GET", "/v1/friends", none(), everybody(200)),
        ("DELETE", "/v1/friends/OWNER", none(), everybody(204)),
        ("GET", "/v1/users/OWNER/friends", none(), [404, 404, 404, 200, 404, 404, 200]),
        ("GET", "/v1/users/OWNER/mutual-friends", none(), visible),
        ("GET", "/v1/friend-suggestions", none(), everybody(200)),
        ("DELETE", "/v1/friend-suggestions/OWNER", none(), everybody(204)),
        ("GET", "/v1/blocks", none(), everybody(200)),
        ("PUT", "/v1/blocks/OWNER", none(), everybody(204)),
        ("DELETE", "/v1/blocks/OWNER", none(), everybody(204)),
        ("POST", "/v1/posts", text(), everybody(201)),
        ("GET", "/v1/feed", none(), everybody(200)),
        ("GET", "/v1/users/OWNER/posts", none(), visible),
        ("GET", "/v1/posts/PUBLIC", none(), public(200)),
        ("GET", "/v1/posts/SHARED", none(), shared(200)),
        ("GET", "/v1/posts/PRIVATE", none(), private(200)),
        ("PATCH", "/v1/posts/PUBLIC", text(), owners(public(200), 200)),
        ("PATCH", "/v1/posts/SHARED", text(), owners(shared(200), 200)),
        ("PATCH", "/v1/posts/PRIVATE", text(), owners(private(200), 200)),
        ("DELETE", "/v1/posts/PUBLIC", none(), owners(public(204), 204)),
        ("DELETE", "/v1/posts/SHARED", none(), owners(shared(204), 204)),
        ("PUT", "/v1/posts/PUBLIC/like", none(), public(204)),
        ("PUT", "/v1/posts/SHARED/like", none(), shared(204)),
        ("DELETE", "/v1/posts/PUBLIC/like", none(), public(204)),
        ("DELETE", "/v1/posts/PRIVATE/like", none(), private(204)),
        ("GET", "/v1/posts/PUBLIC/likes", none(), public(200)),
        ("GET", "/v1/posts/SHARED/likes", none(), shared(200)),
        ("POST", "/v1/posts/PUBLIC/comments", text(), public(201)),
        ("POST", "/v1/posts/SHARED/comments", text(), shared(201)),
        ("GET", "/v1/posts/PUBLIC/comments", none(), public(200)),
        ("GET", "/v1/posts/SHARED/comments", none(), shared(200)),
        ("GET", "/v1/posts/PUBLIC/comments/COMMENT", none(), public(200)),
        ("PATCH", "/v1/posts/PUBLIC/comments/COMMENT", text(), owners(public(200), 200)),
        ("DELETE", "/v1/posts/PUBLIC/comments/COMMENT", none(), owners(public(204), 204)),
        (
            "POST",
            "/v1/messages",
            json!({ "to": "OWNER", "clientId": "1", "text": "x" }),
            [403, 403, 403, 201, 404, 403, 403],
        ),
        ("GET", "/v1/conversations", none(), everybody(200)),
        ("GET", "/v1/conversations/CONVERSATION", none(), friends(200)),
        ("GET", "/v1/conversations/CONVERSATION/messages", none(), friends(200)),
        ("PATCH", "/v1/conversations/CONVERSATION/messages/1", text(), everybody(404)),
        ("DELETE", "/v1/conversations/CONVERSATION/messages/1", none(), everybody(404)),
        ("PUT", "/v1/conversations/CONVERSATION/read", json!({ "seq": 1 }), friends(204)),
        ("POST", "/v1/socket-tickets", none(), everybody(201)),
        ("GET", "/v1/presence?users=OWNER", none(), everybody(200)),
        ("GET", "/v1/unread", none(), everybody(200)),
        ("GET", "/v1/notifications", none(), everybody(200)),
        ("PUT", "/v1/notifications/seen", json!({ "upTo": "01JZZ3W0Q5E8T4C9M2R7B6N1KD" }), everybody(204)),
    ]
}

/// Two people, of whom the first is this to the second.
async fn pair(kith: &Kith, role: Role, number: usize) -> [Person; 2] {
    let owner = kith.register(&format!("owner{number}")).await;
    if role == Role::Owner {
        return [owner.sign_in().await, owner];
    }
    let caller = kith.register(&format!("caller{number}")).await;
    let ask = || caller.call(Method::POST, "/v1/friend-requests").json(json!({ "to": owner.id }));
    let accept = async || {
        ask().await.expect(201);
        let path = format!("/v1/friend-requests/{}-{}", caller.id, owner.id);
        owner.patch(&path, json!({ "status": "accepted" })).await.expect(200);
    };
    let block = |one: &Person, other: &Person| one.call(Method::PUT, &format!("/v1/blocks/{}", other.id));
    match role {
        Role::Stranger | Role::Owner => {}
        Role::Requester => drop(ask().await.expect(201)),
        Role::Friend => accept().await,
        Role::ExFriend => {
            accept().await;
            owner.delete(&format!("/v1/friends/{}", caller.id)).await.expect(204);
        }
        Role::Blocked => {
            accept().await;
            block(&owner, &caller).await.expect(204);
        }
        Role::Blocker => drop(block(&caller, &owner).await.expect(204)),
    }
    [caller, owner]
}

/// What a call is about, by the names it has in rows.
struct About([(&'static str, String); 7]);

impl About {
    /// Somebody, and what is theirs.
    async fn somebody(owner: &Person) -> Self {
        let mut posts = Vec::new();
        for visibility in ["public", "friends", "private"] {
            posts.push(owner.write("hello", visibility).await);
        }
        let comments = format!("/v1/posts/{}/comments", posts[0]);
        let comment = owner.call(Method::POST, &comments).json(json!({ "text": "x" })).await.expect(201);
        let [public, shared, private] = posts.try_into().unwrap();
        Self([
            ("OWNER", owner.id.clone()),
            ("NAME", owner.username.clone()),
            ("SESSION", owner.session.clone()),
            ("PUBLIC", public),
            ("SHARED", shared),
            ("PRIVATE", private),
            ("COMMENT", comment["id"].as_str().unwrap().to_owned()),
        ])
    }

    /// Nobody, who has the like.
    fn nobody() -> Self {
        let id = "01JZZ3W0Q5E8T4C9M2R7B6N1KD";
        let post = || format!("{id}-{id}");
        Self([
            ("OWNER", id.into()),
            ("NAME", "nobody_at_all".into()),
            ("SESSION", "A".repeat(43)),
            ("PUBLIC", post()),
            ("SHARED", post()),
            ("PRIVATE", post()),
            ("COMMENT", id.into()),
        ])
    }
}

/// Makes the call of a row.
async fn call(
    kith: &Kith,
    (method, path, body, _): &Row,
    authorization: Option<&str>,
    caller: &Person,
    About(about): &About,
) -> Answer {
    let fill = |text: &str| {
        let text = about.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
        let owner = about.iter().find(|(name, _)| *name == "OWNER").map(|(_, id)| id).unwrap();
        let [one, other] = [owner.min(&caller.id), owner.max(&caller.id)];
        text.replace("CALLER", &caller.id).replace("CONVERSATION", &format!("{one}-{other}"))
    };
    let mut call = kith.call(method.parse().unwrap(), &fill(path));
    if let Some(token) = authorization {
        call = call.header("authorization", &format!("Bearer {token}"));
    }
    if !body.is_null() {
        call = call.json(serde_json::from_str(&fill(&body.to_string())).unwrap());
    }
    call.await
}

#[tokio::test]
async fn every_route_has_its_row_and_every_row_its_route() {
    let kith = Kith::start().await;
    let general = |path: &str| {
        let path = path.split('?').next().unwrap().replace("/CALLER-OWNER", "/{requestId}");
        let path = path.replace("messages/1", "messages/{seq}").replace("CONVERSATION", "{conversationId}");
        let path = path.replace("COMMENT", "{commentId}").replace("SESSION", "{sessionId}");
        let path =
            ["PUBLIC", "SHARED", "PRIVATE"].iter().fold(path, |path, post| path.replace(post, "{postId}"));
        path.replace("OWNER", "{userId}").replace("NAME", "{username}")
    };
    let tried: BTreeSet<_> = rows().iter().map(|row| (row.0.to_owned(), general(row.1))).collect();
    let signed_in =
        kith.contract().routes().into_iter().filter(|(method, path)| {
            kith.contract().operation(method, path).unwrap().get("security").is_some()
        });
    assert_eq!(tried, signed_in.map(|(method, path)| (method.to_string(), path)).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_answered_what_they_may_know() {
    let kith = Kith::start().await;
    let mut number = 0;
    for (place, role) in ROLES.into_iter().enumerate() {
        let mut people = None;
        for row in rows() {
            // What changes something is tried by a pair of its own.
            if people.is_none() || row.0 != "GET" {
                number += 1;
                let [caller, owner] = pair(&kith, role, number).await;
                people = Some((caller, About::somebody(&owner).await));
            }
            let (caller, of_owner) = people.as_ref().unwrap();
            let answer = call(&kith, &row, Some(&caller.token), caller, of_owner).await;
            assert_eq!(answer.status, row.3[place], "{role:?}: {} {}: {answer:?}", row.0, row.1);
            if role == Role::Blocked && answer.status == 404 {
                let missing = call(&kith, &row, Some(&caller.token), caller, &About::nobody()).await;
                assert_eq!(answer.without_request_id(), missing.without_request_id(), "{} {}", row.0, row.1);
            }
            if row.0 != "GET" {
                people = None;
            }
        }
    }
}

#[tokio::test]
async fn nobody_is_answered_anything_without_a_session() {
    let kith = Kith::start().await;
    let [caller, owner] = pair(&kith, Role::Friend, 0).await;
    let ended = caller.sign_in().await;
    caller.delete(&format!("/v1/sessions/{}", ended.session)).await.expect(204);
    let of_owner = About::somebody(&owner).await;
    for row in rows() {
        let anonymous = call(&kith, &row, None, &caller, &of_owner).await;
        assert_eq!(anonymous.status, 401, "{} {}", row.0, row.1);
        let signed_out = call(&kith, &row, Some(&ended.token), &caller, &of_owner).await;
        signed_out.expect_problem(401, "unauthenticated");
    }
    assert_eq!(caller.get("/v1/friends").await.expect(200)["items"][0]["id"], owner.id);
}
