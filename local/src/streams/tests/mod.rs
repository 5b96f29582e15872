//! Streams in a stack of their own, with the embedded DynamoDB and functions of the tests'.

mod delivery;
mod restarts;
mod volume;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::dynamodb;
use aws_sdk_dynamodb::types::AttributeValue;
use clap::Parser as _;
use serde_json::Value;
use shared::clock::Clock;
use tempfile::TempDir;

use super::source::Shard;
use super::*;
use crate::lambda::Lambda;
use crate::stack::Overrides;
use crate::{Options, Stack};

/// What every template here has; the functions' resources follow.
const HEAD: &str = r"
Parameters:
  Stage: {Type: String}
  AllowedOrigins: {Type: CommaDelimitedList}
  MediaUrl: {Type: String}
  RegistrationsPerAddress: {Type: Number}
  SignInsPerAddress: {Type: Number}
Resources:
  HttpApi: {Type: AWS::Serverless::HttpApi, Properties: {}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}, {AttributeName: SK, AttributeType: S}]
      KeySchema: [{AttributeName: PK, KeyType: HASH}, {AttributeName: SK, KeyType: RANGE}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
";

/// A function that a stream starts, with these properties of the mapping.
fn function(id: &str, properties: &str) -> String {
    let start = if properties.contains("StartingPosition") { "" } else { "StartingPosition: TRIM_HORIZON, " };
    format!(
        r"
  {id}:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: none}}}}
    Properties:
      Role: !GetAtt {id}Role.Arn
      Events:
        Changes:
          Type: DynamoDB
          Properties: {{Stream: !GetAtt Table.StreamArn, {start}{properties}}}
  {id}Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {{Effect: Allow, Action: [dynamodb:GetRecords], Resource: !GetAtt Table.StreamArn}}
"
    )
}

/// What a function was sent: of each invocation the sort keys.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Vec<String>>>>);

impl Seen {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().concat()
    }

    fn batches(&self) -> Vec<Vec<String>> {
        self.0.lock().unwrap().clone()
    }

    fn add(&self, event: &str) -> Vec<String> {
        let event: dynamodb::Event = serde_json::from_str(event).unwrap();
        let keys = event.records.iter().map(|record| match &record.change.keys["SK"] {
            serde_dynamo::AttributeValue::S(key) => key.clone(),
            other => panic!("{other:?}"),
        });
        let keys: Vec<_> = keys.collect();
        self.0.lock().unwrap().push(keys.clone());
        keys
    }
}

/// A function that does this with the sort keys of the records that it is sent.
fn lambda<F>(seen: &Seen, act: impl Fn(Vec<String>) -> F + Send + Sync + 'static) -> Lambda
where
    F: Future<Output = Result<String, String>> + Send + 'static,
{
    let seen = seen.clone();
    Lambda::from_fn("test", Duration::from_secs(30), Clock::system(), move |event| act(seen.add(&event)))
}

/// A function to which all is fine.
fn content(seen: &Seen) -> Lambda {
    lambda(seen, |_| std::future::ready(Ok("null".into())))
}

/// A running stack with these functions, its data in this folder if it is to be kept.
async fn start(data: Option<&Path>, functions: &[(&str, &str, Lambda)], overrides: Overrides) -> Stack {
    let resources: String = functions.iter().map(|(id, properties, _)| function(id, properties)).collect();
    let functions = functions.iter().map(|(id, _, lambda)| ((*id).to_owned(), lambda.clone())).collect();
    start_with(data, &resources, Overrides { functions, ..overrides }).await
}

/// A running stack with these resources.
async fn start_with(data: Option<&Path>, resources: &str, overrides: Overrides) -> Stack {
    let folder = TempDir::new().unwrap();
    let template = folder.path().join("template.yaml");
    std::fs::write(&template, format!("{HEAD}{resources}")).unwrap();
    let mut options = Options::parse_from(["kith", "--memory", "--http-port", "0", "--s3-port", "0"]);
    options.template = template;
    if let Some(data) = data {
        options.memory = false;
        data.clone_into(&mut options.data);
    }
    let stream_retry_after = overrides.stream_retry_after.or(Some(Duration::from_millis(5)));
    Stack::start(&options, Overrides { stream_retry_after, ..overrides }).await.unwrap()
}

/// Writes an item.
async fn put(stack: &Stack, partition: &str, sort: &str) {
    let client = aws_sdk_dynamodb::Client::new(stack.sdk());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = client.put_item().table_name("kith-Table").item("PK", text(partition)).item("SK", text(sort));
    put.send().await.unwrap();
}

/// The numbers of a range, as sort keys.
fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("{number:06}")).collect()
}

fn shard(id: &str, parent: Option<&str>) -> Shard {
    Shard { id: id.into(), parent: parent.map(str::to_owned), ..Shard::default() }
}

#[test]
fn a_shard_is_followed_after_its_parent() {
    let shards = [shard("b", Some("a")), shard("a", Some("long gone")), shard("c", Some("b"))];
    let turns = |places: &[(&str, Place)]| {
        let places = places.iter().map(|(id, place)| ((*id).to_owned(), place.clone())).collect();
        super::turns(&shards, &places).into_iter().map(|shard| shard.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(turns(&[]), ["a"]);
    assert_eq!(turns(&[("a", Place::After("7".into()))]), ["a"]);
    assert_eq!(turns(&[("a", Place::Ended)]), ["b"]);
    assert_eq!(turns(&[("a", Place::Ended), ("b", Place::Ended)]), ["c"]);
}

#[test]
fn the_latest_place_is_kept_by_number_where_there_is_one() {
    let last = |last: Option<&str>, is_used| {
        latest(&Shard { last: last.map(str::to_owned), is_used, ..Shard::default() })
    };
    assert_eq!(last(Some("7"), true), Place::After("7".into()));
    assert_eq!(last(None, false), Place::Oldest, "everything is yet to come");
    assert_eq!(last(None, true), Place::Latest);
}
