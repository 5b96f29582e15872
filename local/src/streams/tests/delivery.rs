//! What functions are sent, and when.

use aws_lambda_events::dynamodb::EventRecord;
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_arrive_in_order_and_in_batches() {
    let seen = Seen::default();
    let stack = start(None, &[("A", "BatchSize: 10", content(&seen))], Overrides::default()).await;
    for number in numbers(0..45) {
        put(&stack, "P", &number).await;
    }
    stack.drained().await;
    assert_eq!(seen.all(), numbers(0..45));
    assert!(seen.batches().iter().all(|batch| batch.len() <= 10), "{:?}", seen.batches());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_what_lambda_would_send() {
    let (sender, mut events) = mpsc::unbounded_channel::<Value>();
    let lambda = Lambda::from_fn("test", Duration::from_secs(3), Clock::system(), move |event| {
        sender.send(serde_json::from_str(&event).unwrap()).unwrap();
        std::future::ready(Ok("null".into()))
    });
    let stack = start(None, &[("A", "BatchSize: 1", lambda)], Overrides::default()).await;
    // As of now, everything that is read later was written this much later.
    stack.clock().advance(Duration::from_hours(48));
    let before = stack.clock().clock().now().epoch_seconds();
    let client = aws_sdk_dynamodb::Client::new(stack.sdk());
    let key = || ["PK", "SK"].map(|name| (name.to_owned(), AttributeValue::S("k".into())));
    for n in ["1", "2"] {
        let put = client.put_item().table_name("kith-Table").set_item(Some(key().into()));
        put.item("n", AttributeValue::N(n.into())).send().await.unwrap();
    }
    client.delete_item().table_name("kith-Table").set_key(Some(key().into())).send().await.unwrap();
    stack.drained().await;

    for (name, old, new) in
        [("INSERT", None, Some("1")), ("MODIFY", Some("1"), Some("2")), ("REMOVE", Some("2"), None)]
    {
        let event = events.try_recv().unwrap();
        let image = |name: &str| event["Records"][0]["dynamodb"][name]["n"]["N"].as_str().map(str::to_owned);
        assert_eq!((image("OldImage").as_deref(), image("NewImage").as_deref()), (old, new));
        let record: EventRecord = serde_json::from_value(event["Records"][0].clone()).unwrap();
        assert_eq!((&*record.event_name, &*record.aws_region), (name, "us-east-1"));
        let arn = record.event_source_arn.unwrap();
        assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/kith-Table/stream/"), "{arn}");
        assert_eq!(record.change.sequence_number.unwrap().len(), 21);
        let created = record.change.approximate_creation_date_time.timestamp();
        assert!((before - 1..before + 60).contains(&created), "{created} is not by the stack's clock");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mapping_sees_what_its_filters_want() {
    let (posts, rest) = (Seen::default(), Seen::default());
    let filter = |pattern: &str| format!("FilterCriteria: {{Filters: [{{Pattern: '{pattern}'}}]}}");
    let wants = filter(r#"{"dynamodb": {"Keys": {"SK": {"S": [{"prefix": "POST#"}]}}}}"#);
    let others = filter(r#"{"dynamodb": {"Keys": {"SK": {"S": [{"anything-but": ["POST#2"]}]}}}}"#);
    let functions = [("A", &*wants, content(&posts)), ("B", &*others, content(&rest))];
    let stack = start(None, &functions, Overrides::default()).await;
    for sort in ["PROFILE", "POST#1", "POST#2"] {
        put(&stack, "P", sort).await;
    }
    stack.drained().await;
    assert_eq!(
        (posts.all().join(" "), rest.all().join(" ")),
        ("POST#1 POST#2".into(), "PROFILE POST#1".into())
    );
    stack.stop().await;
}

/// Counts who is in, and how many were at once.
fn enter(counts: &Mutex<(u32, u32)>) {
    let mut counts = counts.lock().unwrap();
    *counts = (counts.0 + 1, counts.1.max(counts.0 + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_work_side_by_side_and_keep_the_order_of_each_key() {
    let (seen, most) = (Seen::default(), Arc::new(Mutex::new((0, 0))));
    let busy = lambda(&seen, {
        let most = Arc::clone(&most);
        move |_| {
            let most = Arc::clone(&most);
            async move {
                enter(&most);
                sleep(Duration::from_millis(5)).await;
                most.lock().unwrap().0 -= 1;
                Ok("null".into())
            }
        }
    });
    let stack =
        start(None, &[("A", "BatchSize: 4, ParallelizationFactor: 3", busy)], Overrides::default()).await;
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    join_all(keys.map(async |key| {
        for number in numbers(0..20) {
            put(&stack, key, &format!("{key}{number}")).await;
        }
    }))
    .await;
    stack.drained().await;
    let all = seen.all();
    assert_eq!(all.len(), keys.len() * 20);
    for key in keys {
        let of_key: Vec<_> = all.iter().filter(|sort| sort.starts_with(key)).collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
    let most = most.lock().unwrap().1;
    assert!((2..=3).contains(&most), "{most} at once");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drained_waits_for_what_functions_write_in_turn() {
    let (seen, client) = (Seen::default(), Arc::new(Mutex::new(None::<aws_sdk_dynamodb::Client>)));
    // Each record begets another one, ten times, and every other time not at once.
    let begetting = lambda(&seen, {
        let (client, fails) = (Arc::clone(&client), Mutex::new(false));
        move |keys: Vec<String>| {
            let client = client.lock().unwrap().clone();
            let fail = std::mem::replace(&mut *fails.lock().unwrap(), false);
            *fails.lock().unwrap() = !fail;
            async move {
                let generation: usize = keys[0].parse().unwrap();
                if fail {
                    return Err("not now".into());
                }
                if generation < 10 {
                    let text = |text: &str| AttributeValue::S(text.to_owned());
                    let put = client.unwrap().put_item().table_name("kith-Table").item("PK", text("P"));
                    put.item("SK", text(&(generation + 1).to_string())).send().await.unwrap();
                }
                Ok("null".into())
            }
        }
    });
    let stack = start(None, &[("A", "BatchSize: 1", begetting)], Overrides::default()).await;
    *client.lock().unwrap() = Some(aws_sdk_dynamodb::Client::new(stack.sdk()));
    put(&stack, "P", "1").await;
    stack.drained().await;
    let mut all = seen.all();
    all.dedup();
    assert_eq!(all, (1..=10).map(|number| number.to_string()).collect::<Vec<_>>());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invocations_are_told_of() {
    let seen = Seen::default();
    let failing = lambda(&seen, |_| std::future::ready(Err("no".into())));
    let stack = start(None, &[("A", "MaximumRetryAttempts: 1", failing)], Overrides::default()).await;
    let mut records = stack.records();
    put(&stack, "P", "1").await;
    stack.drained().await;
    for _ in 0..2 {
        let record = records.try_recv().unwrap();
        assert_eq!((&*record.route, record.status), ("stream to A", 500));
        assert_eq!(record.function.unwrap().0, "A");
        assert!(record.exchanges[0].event.contains("\"SK\"") && record.exchanges[0].answer.is_err());
    }
    assert!(records.try_recv().is_err(), "it is given up");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_arrives_soon() {
    let (sender, mut arrivals) = mpsc::unbounded_channel();
    let lambda = Lambda::from_fn("test", Duration::from_secs(3), Clock::system(), move |_| {
        let _ = sender.send(Instant::now());
        std::future::ready(Ok("null".into()))
    });
    let stack = start(None, &[("A", "BatchSize: 1", lambda)], Overrides::default()).await;
    let mut times = Vec::new();
    for number in numbers(0..40) {
        put(&stack, "P", &number).await;
        let written = Instant::now();
        let arrived = timeout(Duration::from_secs(10), arrivals.recv()).await.unwrap().unwrap();
        times.push(arrived.saturating_duration_since(written));
    }
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    eprintln!("from the answer to a write to the invocation: {median:?}, at worst {worst:?}");
    assert!(median < Duration::from_millis(40), "{median:?}, at worst {worst:?}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dynamodb_elsewhere_is_followed_too() {
    let theirs = Embedded::start(None, ShiftedClock::default()).await.unwrap();
    let (data, endpoint) = (TempDir::new().unwrap(), Some(theirs.endpoint()));
    let overrides = || Overrides { dynamodb_endpoint: endpoint.clone(), ..Overrides::default() };
    for round in 0..2 {
        let seen = Seen::default();
        let stack = start(Some(data.path()), &[("A", "BatchSize: 10", content(&seen))], overrides()).await;
        let range = round * 5..round * 5 + 5;
        for number in numbers(range.clone()) {
            put(&stack, "P", &number).await;
        }
        stack.drained().await;
        assert_eq!(seen.all(), numbers(range), "each once, over a restart");
        stack.stop().await;
    }
    theirs.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_invokes_its_function() {
    let resources = "
  A:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: none}}
    Properties:
      Role: !GetAtt Role.Arn
      Events:
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Role: {Type: AWS::IAM::Role, Properties: {Policies: []}}
";
    let (sender, mut events) = mpsc::unbounded_channel::<Value>();
    let lambda = Lambda::from_fn("test", Duration::from_secs(3), Clock::system(), move |event| {
        sender.send(serde_json::from_str(&event).unwrap()).unwrap();
        std::future::ready(Ok("null".into()))
    });
    for period in [None, Some(Duration::from_millis(20))] {
        let functions = HashMap::from([("A".to_owned(), lambda.clone())]);
        let overrides = Overrides { functions, schedule_period: period, ..Overrides::default() };
        let stack = start_with(None, resources, overrides).await;
        let mut records = stack.records();
        if period.is_none() {
            stack.fire("A").await;
        }
        let event = timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap();
        assert_eq!(event["resources"][0], "arn:aws:events:us-east-1:000000000000:rule/ATick");
        assert_eq!(records.recv().await.unwrap().route, "schedule to A");
        stack.stop().await;
    }
}
