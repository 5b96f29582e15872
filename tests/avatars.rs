//! Pictures: from a camera's file to what everybody sees, and what people try instead.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use crate::harness::picture::{CORNERS, LATITUDE_MARK, alike, corners, photo, png};
use crate::harness::{Kith, Person};

pub(crate) const RED: [u8; 3] = [220, 20, 20];
pub(crate) const BLUE: [u8; 3] = [20, 20, 220];

/// The colour of the picture that somebody's profile shows.
pub(crate) async fn color(person: &Person) -> Option<[u8; 3]> {
    let me = person.me().await;
    let url = me["avatar"]["small"].as_str()?;
    let jpeg = person.kith.client().get(url).send().await.unwrap().bytes().await.unwrap();
    let (corners, _) = corners(&jpeg);
    [RED, BLUE].into_iter().find(|color| corners.iter().all(|corner| alike(*corner, (*color).into())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_comes_out_upright_square_and_without_its_place() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    let photo = photo(900, 1200);
    assert!(photo.windows(8).any(|bytes| bytes == LATITUDE_MARK));
    let upload = alice.ask_to_upload("image/jpeg", photo.len()).await;
    let pending = json!({ "id": upload.id, "status": "pending", "code": null });
    assert_eq!(alice.me().await["avatarUpload"], pending);

    let (mut events, started) = (kith.events(), Instant::now());
    assert_eq!(upload.put(&photo).await, 200);
    events.settled().await;
    println!("settled {:?} after the upload began", started.elapsed());
    let me = alice.me().await;
    assert_eq!(me["avatarUpload"], Value::Null);
    for (size, pixels) in [("small", 64), ("medium", 256), ("large", 512)] {
        let url = me["avatar"][size].as_str().unwrap();
        let answer = kith.client().get(url).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        assert_eq!(answer.headers()["cache-control"], "public, max-age=86400, immutable");
        let jpeg = answer.bytes().await.unwrap();
        let (seen, dimensions) = corners(&jpeg);
        assert_eq!(dimensions, (pixels, pixels));
        assert!(seen.iter().zip(CORNERS).all(|(seen, corner)| alike(*seen, corner)), "{size}: {seen:?}");
        assert!(!jpeg.windows(4).any(|bytes| bytes == b"Exif" || bytes == &LATITUDE_MARK[..4]), "{size}");
    }
    let seen = bob.get(&format!("/v1/users/{}", alice.id)).await.expect(200);
    assert_eq!(seen["avatar"], me["avatar"]);
    assert_eq!(bob.get("/v1/users?query=ali").await.expect(200)["items"][0]["avatar"], me["avatar"]);
    assert_eq!(alice.try_sign_in(crate::harness::PASSWORD).await.expect(201)["user"], me);
    kith.check_pictures(&alice).await;
}

#[tokio::test]
async fn an_upload_that_is_not_what_was_said_is_403_and_leaves_nothing() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let picture = png(RED, 8);
    let upload = alice.ask_to_upload("image/png", picture.len()).await;
    let (url, client) = (&upload.url, kith.client());
    let with = |url: &str, kind: &str, bytes: &[u8]| {
        client.put(url).header("content-type", kind).body(bytes.to_vec()).send()
    };
    let elsewhere = url.replacen(&alice.id, "01JZZ3W0Q5E8T4C9M2R7B6N1KD", 1);
    let signature = url.find("X-Amz-Signature=").unwrap() + 16;
    let mut forged = url.clone();
    let digit = if &url[signature..=signature] == "0" { "1" } else { "0" };
    forged.replace_range(signature..=signature, digit);
    let longer = [&picture[..], b"x"].concat();
    for (what, sent) in [
        ("size", with(url, "image/png", &picture[1..]).await),
        ("more", with(url, "image/png", &longer).await),
        ("type", with(url, "image/jpeg", &picture).await),
        ("no type", client.put(url).body(picture.clone()).send().await),
        ("key", with(&elsewhere, "image/png", &picture).await),
        ("method", client.get(url).send().await),
        ("deletion", client.delete(url).send().await),
        ("signature", with(&forged, "image/png", &picture).await),
        ("time", with(&url.replace("X-Amz-Expires=300", "X-Amz-Expires=30000"), "image/png", &picture).await),
        ("nothing signed", with(url.split('?').next().unwrap(), "image/png", &picture).await),
    ] {
        assert_eq!(sent.unwrap().status(), 403, "{what}");
    }
    kith.advance(Duration::from_secs(301));
    assert_eq!(upload.put(&picture).await, 403, "after five minutes");
    assert_eq!(kith.objects("kith-uploadsbucket").await, Vec::<String>::new());
    assert_eq!(alice.me().await["avatar"], Value::Null);
}

#[tokio::test]
async fn what_may_be_uploaded_is_checked_when_it_is_asked_for() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for (body, pointer) in [
        (json!({ "contentType": "image/gif", "contentLength": 10 }), "/contentType"),
        (json!({ "contentType": "image/svg+xml", "contentLength": 10 }), "/contentType"),
        (json!({ "contentType": "image/png" }), "/contentLength"),
        (json!({ "contentType": "image/png", "contentLength": 0 }), "/contentLength"),
        (json!({ "contentType": "image/png", "contentLength": 5_242_881 }), "/contentLength"),
        (json!({ "contentType": "image/png", "contentLength": 1.5 }), "/contentLength"),
        (json!({ "contentType": "image/png", "contentLength": "10" }), "/contentLength"),
        (json!({ "contentType": "image/png", "contentLength": 10, "key": "../x" }), "/key"),
    ] {
        let problem =
            alice.call(Method::POST, "/v1/me/avatar").json(body).await.expect_problem(422, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    // The same number to JSON Schema, and so to whoever generates a client from it.
    for length in [json!(10), json!(10.0), json!(1e1)] {
        let body = json!({ "contentType": "image/png", "contentLength": length });
        alice.call(Method::POST, "/v1/me/avatar").json(body).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_picture_is_refused_with_a_code_and_the_old_one_stays() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.upload("image/png", &png(RED, 32)).await;
    let shown = alice.me().await["avatar"].clone();
    let photo = photo(300, 400);
    let mut vast = png(RED, 8);
    // The header says 30,000 x 30,000, with the right checksum.
    vast[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let crc = crc32(&vast[12..29]).to_be_bytes();
    vast[29..33].copy_from_slice(&crc);
    let zip = [&photo[..], b"PK\x03\x04 archive PK\x05\x06"].concat();
    for (kind, bytes, code) in [
        ("image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "not-a-picture"),
        ("image/jpeg", b"GIF89a".to_vec(), "not-a-picture"),
        ("image/png", photo.clone(), "other-type"),
        ("image/png", vast, "too-large"),
        ("image/jpeg", photo[..photo.len() / 2].to_vec(), "damaged"),
        ("image/jpeg", zip, "not-only-a-picture"),
        ("image/webp", animated_webp(), "animated"),
    ] {
        let upload = alice.ask_to_upload(kind, bytes.len()).await;
        let mut events = kith.events();
        assert_eq!(upload.put(&bytes).await, 200);
        events.settled().await;
        let me = alice.me().await;
        assert_eq!(me["avatarUpload"], json!({ "id": upload.id, "status": "failed", "code": code }));
        assert_eq!(me["avatar"], shown);
    }
    kith.check_pictures(&alice).await;
    // A good one makes all of that forgotten.
    alice.upload("image/png", &png(BLUE, 32)).await;
    assert_eq!((alice.me().await["avatarUpload"].clone(), color(&alice).await), (Value::Null, Some(BLUE)));
    kith.check_pictures(&alice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_uploads_the_one_asked_for_last_stays_in_whichever_order_they_arrive() {
    let kith = Kith::start().await;
    let (red, blue) = (png(RED, 32), png(BLUE, 32));
    for (name, in_order) in [("alice", true), ("bob", false)] {
        let person = kith.register(name).await;
        let first = person.ask_to_upload("image/png", red.len()).await;
        let second = person.ask_to_upload("image/png", blue.len()).await;
        let steps =
            if in_order { [(&first, &red), (&second, &blue)] } else { [(&second, &blue), (&first, &red)] };
        let mut events = kith.events();
        for (upload, bytes) in steps {
            assert_eq!(upload.put(bytes).await, 200);
            events.settled().await;
        }
        assert_eq!(color(&person).await, Some(BLUE), "in order: {in_order}");
        // The URL of one that is settled leads to nothing more.
        assert_eq!(first.put(&red).await, 200);
        events.settled().await;
        assert_eq!(color(&person).await, Some(BLUE));
        person.delete("/v1/me/avatar").await.expect(204);
        assert_eq!(second.put(&blue).await, 200);
        events.settled().await;
        assert_eq!(person.me().await["avatar"], Value::Null);
        kith.check_pictures(&person).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_takes_what_is_on_its_way_with_it_and_not_what_comes_after() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let picture = png(RED, 32);
    alice.delete("/v1/me/avatar").await.expect(204);
    let before = alice.ask_to_upload("image/png", picture.len()).await;
    alice.delete("/v1/me/avatar").await.expect(204);
    assert_eq!(alice.me().await["avatarUpload"], Value::Null);
    let mut events = kith.events();
    assert_eq!(before.put(&picture).await, 200);
    events.settled().await;
    assert_eq!(alice.me().await["avatar"], Value::Null);
    kith.check_pictures(&alice).await;

    alice.upload("image/png", &picture).await;
    let old = alice.me().await["avatar"]["large"].as_str().unwrap().to_owned();
    alice.upload("image/png", &png(BLUE, 32)).await;
    assert_eq!(kith.client().get(&old).send().await.unwrap().status(), 403);
    assert_eq!(color(&alice).await, Some(BLUE));
    kith.check_pictures(&alice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_uploads_and_removals_leave_what_the_profile_shows_and_nothing_else() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let picture = png(RED, 16);
    for _ in 0..4 {
        let mut events = kith.events();
        let mut uploads = Vec::new();
        for _ in 0..5 {
            uploads.push(alice.ask_to_upload("image/png", picture.len()).await);
        }
        let puts = uploads.iter().rev().map(|upload| upload.put(&picture));
        let (statuses, removed) =
            tokio::join!(futures_util::future::join_all(puts), alice.delete("/v1/me/avatar"));
        assert_eq!((statuses, removed.status), (vec![200; 5], 204));
        for _ in 0..5 {
            events.settled().await;
        }
        assert_eq!(
            alice.me().await["avatar"],
            Value::Null,
            "it was removed after all of them were asked for"
        );
        kith.check_pictures(&alice).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_and_removals_outlive_faults_on_a_third_of_all_calls() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let picture = png(RED, 16);
    let mut injected = 0;
    for seed in 0..10 {
        let upload = alice.ask_to_upload("image/png", picture.len()).await;
        let mut events = kith.events();
        kith.faults().randomly(0.3, seed);
        assert_eq!(upload.put(&picture).await, 200);
        events.settled().await;
        if seed % 2 == 0 {
            while alice.delete("/v1/me/avatar").await.status != 204 {}
        }
        injected += kith.faults().stop();
        assert_eq!(color(&alice).await.is_some(), seed % 2 == 1);
        kith.check_pictures(&alice).await;
        kith.advance(Duration::from_hours(1));
    }
    assert!(injected > 20, "{injected} faults");
}

#[tokio::test]
async fn an_upload_that_never_comes_is_no_longer_awaited() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.ask_to_upload("image/png", 10).await;
    kith.advance(Duration::from_mins(20) - Duration::from_secs(5));
    assert_eq!(alice.me().await["avatarUpload"]["status"], "pending");
    kith.advance(Duration::from_secs(5));
    assert_eq!(alice.me().await["avatarUpload"], Value::Null);
}

#[tokio::test]
async fn sixty_uploads_an_hour_are_enough() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for _ in 0..60 {
        alice.ask_to_upload("image/png", 10).await;
    }
    let body = json!({ "contentType": "image/png", "contentLength": 10 });
    let answer = alice.call(Method::POST, "/v1/me/avatar").json(body).await;
    answer.expect_problem(429, "rate-limited");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() <= 3600);
}

#[tokio::test]
async fn a_page_of_another_origin_may_put_a_picture_and_nothing_more() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let upload = alice.ask_to_upload("image/png", 10).await;
    let preflight = async |method: &str, headers: &str| {
        let request = kith.client().request(Method::OPTIONS, &upload.url);
        let request = request.header("origin", "https://elsewhere.example");
        let request = request.header("access-control-request-method", method);
        request.header("access-control-request-headers", headers).send().await.unwrap()
    };
    let allowed = preflight("PUT", "content-type").await;
    assert_eq!(
        (allowed.status().as_u16(), &allowed.headers()["access-control-allow-origin"]),
        (200, &"*".parse().unwrap())
    );
    assert_eq!(preflight("DELETE", "content-type").await.status(), 403);
    assert_eq!(preflight("PUT", "authorization").await.status(), 403);
}

#[tokio::test]
async fn a_picture_that_cannot_be_is_not_there_like_any_other() {
    let kith = Kith::start().await;
    for key in ["x".into(), "x".repeat(1024), "x".repeat(1025), "x/".repeat(3000), "%00".into()] {
        let answer = kith.client().get(format!("{}/media/avatars/{key}/64.jpg", kith.url())).send().await;
        assert_eq!(answer.unwrap().status(), 403, "{key}");
    }
}

/// The checksum of a PNG's chunk (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    })
}

/// The head of a WebP that moves: an extended file whose flags say so, with an animation's chunk.
fn animated_webp() -> Vec<u8> {
    let vp8x = [b"VP8X\x0a\0\0\0\x02\0\0\0".as_slice(), &[7, 0, 0, 7, 0, 0]].concat();
    let anim = b"ANIM\x06\0\0\0\xff\xff\xff\xff\0\0";
    let body = [b"WEBP".as_slice(), &vp8x, anim].concat();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [b"RIFF".as_slice(), &length, &body].concat()
}
