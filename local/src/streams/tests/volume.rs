//! Many changes.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use rusqlite::Connection;
use tokio::time::Instant;

use super::*;

const WRITES: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_writes_stay_as_fast_as_the_first_and_are_deleted_once_consumed() {
    let (data, [one, other, expired]) = (TempDir::new().unwrap(), [(); 3].map(|()| Seen::default()));
    let expiry = r#"FilterCriteria: {Filters: [{Pattern: '{"userIdentity": {"type": ["Service"]}}'}]}"#;
    let functions = [
        ("A", "BatchSize: 100", content(&one)),
        ("B", "BatchSize: 25", content(&other)),
        ("C", expiry, content(&expired)),
    ];
    let stack = start(Some(data.path()), &functions, Overrides::default()).await;
    let client = aws_sdk_dynamodb::Client::new(stack.sdk());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let (began, mut quarters, mut quarter) = (Instant::now(), Vec::new(), Instant::now());
    for (index, page) in numbers(0..WRITES).chunks(100).enumerate() {
        let put = |sort: &String| {
            let put = Put::builder().table_name("kith-Table").item("PK", text("P")).item("SK", text(sort));
            TransactWriteItem::builder().put(put.build().unwrap()).build()
        };
        let items = page.iter().map(put).collect();
        client.transact_write_items().set_transact_items(Some(items)).send().await.unwrap();
        if (index + 1) % (WRITES / 100 / 4) == 0 {
            quarters.push(quarter.elapsed());
            quarter = Instant::now();
        }
    }
    let wrote = began.elapsed();
    stack.drained().await;
    eprintln!("{WRITES} writes in {wrote:?} ({quarters:?}), consumed after {:?}", began.elapsed());
    assert_eq!((one.all() == numbers(0..WRITES), other.all() == numbers(0..WRITES)), (true, true));
    assert!(quarters[3] < quarters[0] * 3, "{quarters:?}");

    // Upkeep comes by every ten seconds, also for what has expired.
    let put = client.put_item().table_name("kith-Table").item("PK", text("P")).item("SK", text("expires"));
    put.item("ttl", AttributeValue::N("1".into())).send().await.unwrap();
    let connection = Connection::open(data.path().join("dynamodb.sqlite")).unwrap();
    let count = || -> usize {
        connection.query_row("SELECT count(*) FROM _stream_records", (), |row| row.get(0)).unwrap()
    };
    while count() > 1 || expired.all().is_empty() {
        assert!(began.elapsed() < wrote + Duration::from_secs(30), "{} are left", count());
        sleep(Duration::from_millis(100)).await;
    }
    stack.drained().await;
    assert_eq!(expired.all(), ["expires"]);
    stack.stop().await;
}
