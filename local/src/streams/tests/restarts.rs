//! What is remembered from one start to the next.

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_where_it_was() {
    let data = TempDir::new().unwrap();
    for round in 0..3 {
        let seen = Seen::default();
        let stack =
            start(Some(data.path()), &[("A", "BatchSize: 7", content(&seen))], Overrides::default()).await;
        let range = round * 20..round * 20 + 20;
        for number in numbers(range.clone()) {
            put(&stack, "P", &number).await;
        }
        stack.drained().await;
        assert_eq!(seen.all(), numbers(range));
        stack.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_under_way_is_sent_again() {
    let data = TempDir::new().unwrap();
    let (first, reached) = (Seen::default(), Arc::new(Notify::new()));
    // It never ends the batch that begins with the twentieth.
    let hanging = lambda(&first, {
        let reached = Arc::clone(&reached);
        move |keys: Vec<String>| {
            let reached = Arc::clone(&reached);
            async move {
                if keys.contains(&"000020".to_owned()) {
                    reached.notify_one();
                    std::future::pending::<()>().await;
                }
                Ok("null".into())
            }
        }
    });
    let stack = start(Some(data.path()), &[("A", "BatchSize: 10", hanging)], Overrides::default()).await;
    for number in numbers(0..50) {
        put(&stack, "P", &number).await;
    }
    timeout(Duration::from_secs(10), reached.notified()).await.unwrap();
    let began = Instant::now();
    stack.stop().await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());

    let second = Seen::default();
    let stack =
        start(Some(data.path()), &[("A", "BatchSize: 10", content(&second))], Overrides::default()).await;
    stack.drained().await;
    stack.stop().await;
    let (first, second) = (first.all(), second.all());
    assert!(second.is_sorted() && second.contains(&"000020".to_owned()) && second.len() < 40, "{second:?}");
    let mut both = [first, second].concat();
    both.sort_unstable();
    both.dedup();
    assert_eq!(both, numbers(0..50), "nothing is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_repeats_little() {
    let (data, copy) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let seen = Seen::default();
    let stack =
        start(Some(data.path()), &[("A", "BatchSize: 10", content(&seen))], Overrides::default()).await;
    for number in numbers(0..30) {
        put(&stack, "P", &number).await;
    }
    stack.drained().await;
    sleep(Duration::from_millis(300)).await;
    // What a kill would leave, as nothing is told that it ends.
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    stack.stop().await;
    let seen = Seen::default();
    let stack =
        start(Some(copy.path()), &[("A", "BatchSize: 10", content(&seen))], Overrides::default()).await;
    put(&stack, "P", "new").await;
    stack.drained().await;
    assert_eq!(seen.all(), ["new"]);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_that_is_new_begins_where_it_says() {
    let data = TempDir::new().unwrap();
    let stack =
        start(Some(data.path()), &[("A", "BatchSize: 1", content(&Seen::default()))], Overrides::default())
            .await;
    for sort in ["1", "2"] {
        put(&stack, "P", sort).await;
    }
    stack.drained().await;
    stack.stop().await;
    let (oldest, latest, kept) = (Seen::default(), Seen::default(), Seen::default());
    let functions = |oldest: &Seen, latest: &Seen, kept: &Seen| {
        [
            ("A", "BatchSize: 1", content(kept)),
            ("B", "BatchSize: 1", content(oldest)),
            ("C", "StartingPosition: LATEST", content(latest)),
        ]
    };
    // The first start only says where they begin.
    start(Some(data.path()), &functions(&oldest, &latest, &kept), Overrides::default()).await.stop().await;
    let stack = start(Some(data.path()), &functions(&oldest, &latest, &kept), Overrides::default()).await;
    put(&stack, "P", "3").await;
    stack.drained().await;
    stack.stop().await;
    assert_eq!((kept.all(), latest.all()), (vec!["3".into()], vec!["3".into()]));
    let mut oldest = oldest.all();
    oldest.dedup();
    assert!(oldest.ends_with(&["2".into(), "3".into()]), "{oldest:?}");
}
