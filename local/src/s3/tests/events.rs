//! Events: at least once, over a restart too.

use aws_lambda_events::s3::S3Event;

use super::*;

#[tokio::test]
async fn an_object_is_announced_to_whom_it_concerns() {
    let mut app = start().await;
    let etag = app.put(MEDIA, "uploads/a b.png", b"hello").await;
    let notification = app.notification().await.unwrap();
    assert_eq!(notification.bucket, MEDIA);
    let event: S3Event = serde_json::from_value(notification.event.clone()).unwrap();
    let object = &event.records[0].s3.object;
    assert_eq!(object.key.as_deref(), Some("uploads/a+b.png"));
    assert_eq!(object.size, Some(5));
    assert_eq!(format!("\"{}\"", object.e_tag.as_deref().unwrap()), etag);
    assert_eq!(event.records[0].request_parameters.source_ip_address.as_deref(), Some("127.0.0.1"));
    notification.done().await;

    app.put(MEDIA, "thumbnails/a.png", b"hello").await;
    app.put(PLAIN, "uploads/a.png", b"hello").await;
    app.client.delete_object().bucket(MEDIA).key("uploads/a b.png").send().await.unwrap();
    assert!(app.notification().await.is_none());
}

#[tokio::test]
async fn what_nobody_is_done_with_comes_again_and_the_rest_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = start_on(Some(folder.path())).await;
    for key in ["uploads/1", "uploads/2", "uploads/3"] {
        app.put(MEDIA, key, b"hello").await;
    }
    app.notification().await.unwrap().done().await;
    let second = app.notification().await.unwrap();
    let second = second.event;
    // The third is not even received. Nothing is stopped: it just ends.
    drop(app);

    let mut app = start_on(Some(folder.path())).await;
    let again = app.notification().await.unwrap();
    assert_eq!((again.bucket.as_str(), &again.event), (MEDIA, &second));
    again.done().await;
    let third = app.notification().await.unwrap();
    assert_eq!(third.event["Records"][0]["s3"]["object"]["key"], "uploads/3");
    third.done().await;
    assert!(app.notification().await.is_none());
    app.s3.stop().await;

    let mut app = start_on(Some(folder.path())).await;
    assert!(app.notification().await.is_none());
    assert_eq!(app.get(MEDIA, "uploads/3").await.unwrap(), b"hello");
}

#[tokio::test]
async fn an_event_is_on_the_disk_before_its_put_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let app = start_on(Some(folder.path())).await;
    for n in 1..=20 {
        app.put(MEDIA, &format!("uploads/{n}"), b"hello").await;
        assert_eq!(std::fs::read_dir(folder.path().join("events")).unwrap().count(), n);
    }
}

#[tokio::test]
async fn the_later_of_two_puts_has_the_greater_sequencer() {
    let mut app = start().await;
    let mut last = String::new();
    for _ in 0..5 {
        app.put(MEDIA, "uploads/a", b"hello").await;
        let event = app.notification().await.unwrap().event;
        let sequencer = event["Records"][0]["s3"]["object"]["sequencer"].as_str().unwrap().to_owned();
        assert!(sequencer > last);
        last = sequencer;
    }
}
