//! Pictures whose events are overtaken, come again, or meet a crash: one step at a time.

use std::time::Duration;

use http::Method;
use local::gateway::Record;
use serde_json::{Value, json};

use crate::avatars::{BLUE, RED, color};
use crate::harness::avatar::Upload;
use crate::harness::picture::png;
use crate::harness::{Fault, Kith, Person};

/// Somebody whose picture is red, and an upload that they have asked for.
async fn alice_uploads(length: usize) -> (Kith, Person, Upload) {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.upload("image/png", &png(RED, 24)).await;
    let upload = alice.ask_to_upload("image/png", length).await;
    (kith, alice, upload)
}

/// As many bytes that are no picture.
fn rubbish(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}

/// Puts this, and waits until it is settled.
async fn settle(kith: &Kith, upload: &Upload, bytes: &[u8]) -> Record {
    let mut events = kith.events();
    assert_eq!(upload.put(bytes).await, 200);
    events.settled().await
}

/// The same, with something else done just before the write that settles it.
async fn settle_after(kith: &Kith, upload: &Upload, bytes: &[u8], work: impl Future) {
    let gate = kith.faults().hold("UpdateItem");
    assert_eq!(upload.put(bytes).await, 200);
    gate.reached().await;
    work.await;
    let mut events = kith.events();
    gate.release();
    events.settled().await;
}

/// Whether an upload was looked at, which costs a second of a processor.
fn was_fetched(record: &Record) -> bool {
    record.total().operations.iter().any(|(_, action)| *action == "s3:GetObject")
}

async fn no_objects(kith: &Kith) {
    for bucket in ["kith-mediabucket", "kith-uploadsbucket"] {
        assert_eq!(kith.objects(bucket).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_overtaken_by_a_later_one_at_the_last_moment() {
    let blue = png(BLUE, 16);
    let (kith, alice, upload) = alice_uploads(blue.len()).await;
    settle_after(&kith, &upload, &blue, alice.upload("image/png", &png(RED, 16))).await;
    assert_eq!((color(&alice).await, alice.me().await["avatarUpload"].clone()), (Some(RED), Value::Null));
    kith.check_pictures(&alice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_overtaken_by_a_removal_at_the_last_moment() {
    let blue = png(BLUE, 16);
    let (kith, alice, upload) = alice_uploads(blue.len()).await;
    let removal = async { alice.delete("/v1/me/avatar").await.expect(204) };
    settle_after(&kith, &upload, &blue, removal).await;
    assert_eq!(alice.me().await["avatar"], Value::Null);
    kith.check_pictures(&alice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_of_somebody_who_is_gone_at_the_last_moment_leaves_nothing() {
    for picture in [png(BLUE, 16), rubbish(40)] {
        let (kith, alice, upload) = alice_uploads(picture.len()).await;
        settle_after(&kith, &upload, &picture, Box::pin(kith.delete_profile(&alice.id))).await;
        no_objects(&kith).await;
        assert!(!kith.items().await.iter().any(|item| item["SK"] == "PROFILE"), "no profile is made anew");
        // Nor when it is there only afterwards.
        assert!(!was_fetched(&settle(&kith, &upload, &picture).await));
        no_objects(&kith).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_pictures_put_to_one_url_one_is_shown_and_nothing_is_left_of_the_other() {
    let (blue, red) = (png(BLUE, 16), png(RED, 16));
    assert_eq!(blue.len(), red.len());
    // The second is settled first, then the first comes, too.
    let (kith, alice, upload) = alice_uploads(blue.len()).await;
    settle_after(&kith, &upload, &blue, settle(&kith, &upload, &red)).await;
    assert_eq!(color(&alice).await, Some(RED));
    kith.check_pictures(&alice).await;
    // What comes after the first was settled is not even looked at.
    let upload = alice.ask_to_upload("image/png", blue.len()).await;
    settle(&kith, &upload, &blue).await;
    assert!(!was_fetched(&settle(&kith, &upload, &red).await));
    assert_eq!(color(&alice).await, Some(BLUE));
    kith.check_pictures(&alice).await;
    // One picture whose event comes twice at once is one picture.
    let upload = alice.ask_to_upload("image/png", red.len()).await;
    settle_after(&kith, &upload, &red, settle(&kith, &upload, &red)).await;
    assert_eq!(color(&alice).await, Some(RED));
    kith.check_pictures(&alice).await;
    // One that cannot be used and one that can, settled in either order.
    let upload = alice.ask_to_upload("image/png", blue.len()).await;
    settle_after(&kith, &upload, &rubbish(blue.len()), settle(&kith, &upload, &blue)).await;
    assert_eq!((color(&alice).await, alice.me().await["avatarUpload"].clone()), (Some(BLUE), Value::Null));
    kith.check_pictures(&alice).await;
    let upload = alice.ask_to_upload("image/png", red.len()).await;
    settle(&kith, &upload, &rubbish(red.len())).await;
    assert!(!was_fetched(&settle(&kith, &upload, &red).await));
    assert_eq!(
        (color(&alice).await, &alice.me().await["avatarUpload"]["status"]),
        (Some(BLUE), &json!("failed"))
    );
    kith.check_pictures(&alice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_overtaken_by_whatever_else_is_done_and_is_remembered() {
    let bad = rubbish(40);
    let (kith, alice, upload) = alice_uploads(bad.len()).await;
    // Somebody writes the profile: both count.
    let edit = async { alice.patch("/v1/me", json!({ "bio": "b" })).await.expect(200) };
    settle_after(&kith, &upload, &bad, edit).await;
    let me = alice.me().await;
    assert_eq!((&me["bio"], &me["avatarUpload"]["status"]), (&json!("b"), &json!("failed")));
    // Another upload is asked for: its owner hears of that one, and the refused one stays refused.
    let upload = alice.ask_to_upload("image/png", bad.len()).await;
    let mut later = None;
    let ask = async { later = Some(alice.ask_to_upload("image/png", 10).await) };
    settle_after(&kith, &upload, &bad, ask).await;
    let pending = json!({ "id": later.unwrap().id, "status": "pending", "code": null });
    assert_eq!(alice.me().await["avatarUpload"], pending);
    assert!(!was_fetched(&settle(&kith, &upload, &bad).await));
    assert_eq!(alice.me().await["avatarUpload"], pending);
    // A later picture is shown already, or there is to be none.
    let upload = alice.ask_to_upload("image/png", bad.len()).await;
    settle_after(&kith, &upload, &bad, alice.upload("image/png", &png(BLUE, 16))).await;
    assert_eq!((color(&alice).await, alice.me().await["avatarUpload"].clone()), (Some(BLUE), Value::Null));
    let upload = alice.ask_to_upload("image/png", bad.len()).await;
    let removal = async { alice.delete("/v1/me/avatar").await.expect(204) };
    settle_after(&kith, &upload, &bad, removal).await;
    let me = alice.me().await;
    assert_eq!((&me["avatar"], &me["avatarUpload"]), (&Value::Null, &Value::Null));
    kith.check_pictures(&alice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_upload_does_not_stand_against_an_earlier_one_and_is_looked_at_once() {
    let (blue, bad) = (png(BLUE, 16), rubbish(40));
    for in_order in [true, false] {
        let (kith, alice, first) = alice_uploads(blue.len()).await;
        let [second, third] =
            [alice.ask_to_upload("image/png", bad.len()).await, alice.ask_to_upload("image/png", 10).await];
        if in_order {
            settle(&kith, &first, &blue).await;
        }
        for time in 0..3 {
            let record = settle(&kith, &second, &bad).await;
            assert_eq!(was_fetched(&record), time == 0, "time {time}, in order: {in_order}");
            assert_eq!(record.total().object_calls, if time == 0 { 3 } else { 2 });
        }
        if !in_order {
            settle(&kith, &first, &blue).await;
        }
        assert_eq!(color(&alice).await, Some(BLUE), "in order: {in_order}");
        let pending = json!({ "id": third.id, "status": "pending", "code": null });
        assert_eq!(alice.me().await["avatarUpload"], pending);
        kith.check_pictures(&alice).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_pictures_are_worked_on_at_once_than_the_template_says() {
    let picture = png(BLUE, 16);
    for (most, is_waiting) in [("1", true), ("2", false), ("0", false)] {
        let kith = Kith::with_parameters(vec![("AvatarsConcurrency", most)]).await;
        let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
        let [first, second] = [
            alice.ask_to_upload("image/png", picture.len()).await,
            bob.ask_to_upload("image/png", picture.len()).await,
        ];
        let (mut events, gate) = (kith.events(), kith.faults().hold("UpdateItem"));
        assert_eq!(first.put(&picture).await, 200);
        gate.reached().await;
        assert_eq!(second.put(&picture).await, 200);
        if is_waiting {
            tokio::time::timeout(Duration::from_millis(500), events.settled()).await.unwrap_err();
        } else {
            events.settled().await;
        }
        gate.release();
        for _ in 0..=usize::from(is_waiting) {
            events.settled().await;
        }
        assert_eq!((color(&alice).await, color(&bob).await), (Some(BLUE), Some(BLUE)));
    }
}

/// What goes wrong once with each call in turn, and whether the function outlives it.
const FAULTS: [(Fault, bool); 4] = [
    (Fault::CrashBefore, false),
    (Fault::CrashAfter, false),
    (Fault::LostReply, true),
    (Fault::CutReply, true),
];

/// Puts this once for each call that settling it takes, of which one goes wrong each time.
/// Answers how many calls there are.
async fn with_each_call_failing(kith: &Kith, alice: &Person, fault: (Fault, bool), bytes: &[u8]) -> u32 {
    for call in 0.. {
        // One that stays, or is replaced.
        alice.upload("image/png", &png(RED, 16)).await;
        let upload = alice.ask_to_upload("image/png", bytes.len()).await;
        let mut events = kith.events();
        kith.faults().once_after(call, fault.0);
        assert_eq!(upload.put(bytes).await, 200);
        let first = events.next().await.status;
        if first != 200 {
            events.settled().await;
        }
        let was_injected = kith.faults().stop() > 0;
        assert_eq!(first == 200, fault.1 || !was_injected, "{fault:?} at call {call}");
        let me = alice.me().await;
        if bytes.starts_with(b"x") {
            let failed = json!({ "id": upload.id, "status": "failed", "code": "not-a-picture" });
            assert_eq!(
                (color(alice).await, &me["avatarUpload"]),
                (Some(RED), &failed),
                "{fault:?} at call {call}"
            );
        } else {
            assert_eq!(
                (color(alice).await, &me["avatarUpload"]),
                (Some(BLUE), &Value::Null),
                "{fault:?} at call {call}"
            );
        }
        kith.check_pictures(alice).await;
        // The limit on uploads is not what this is about.
        kith.advance(Duration::from_hours(1));
        if !was_injected {
            return call;
        }
    }
    unreachable!()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_calls_changes_nothing_in_the_end() {
    for fault in FAULTS {
        let kith = Kith::untold().await;
        let alice = kith.register("alice").await;
        // Profile, upload; three squares; profile; list; three old squares; upload.
        let calls = with_each_call_failing(&kith, &alice, fault, &png(BLUE, 16)).await;
        assert_eq!(calls, 11, "{fault:?} was tried at each call");
        // Profile, upload; profile; list; upload.
        let calls = with_each_call_failing(&kith, &alice, fault, &rubbish(40)).await;
        assert_eq!(calls, 5, "{fault:?} was tried at each call");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_crashes_between_any_two_calls_can_be_repeated() {
    for (fault, is_outlived) in FAULTS {
        let kith = Kith::untold().await;
        let alice = kith.register("alice").await;
        for call in 0.. {
            alice.upload("image/png", &png(RED, 16)).await;
            // The token is known, so all calls from here on are the removal's own.
            alice.me().await;
            kith.faults().once_after(call, fault);
            let first = alice.call(Method::DELETE, "/v1/me/avatar").await.status;
            if first != 204 {
                alice.delete("/v1/me/avatar").await.expect(204);
            }
            let was_injected = kith.faults().stop() > 0;
            assert_eq!(first == 204, is_outlived || !was_injected, "{fault:?} at call {call}");
            assert_eq!(alice.me().await["avatar"], Value::Null);
            kith.check_pictures(&alice).await;
            kith.advance(Duration::from_hours(1));
            if !was_injected {
                // Profile; list; three squares.
                assert_eq!(call, 5, "{fault:?} was tried at each call");
                break;
            }
        }
    }
}
