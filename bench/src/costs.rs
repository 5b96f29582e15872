//! What each call costs in DynamoDB, in a store of any size.

use local::Stack;
use local::stack::Overrides;
use shared::store::Cost;

use crate::Failure;
use crate::calls::{Api, Call, Scene, rows};
use crate::seed::options;
use crate::world::World;

/// What a row cost the functions that served it.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// What the row is called.
    pub name: &'static str,
    /// Round trips, read units and write units of each of its calls.
    pub calls: Vec<(u32, f64, f64)>,
}

/// Counts all rows, each once, on a data folder that has this world.
pub async fn count(world: &World, folder: &std::path::Path) -> Result<Vec<Counted>, Failure> {
    let stack = Stack::start(&options(folder), Overrides::default()).await?;
    let result = count_on(&stack, &Scene::of(world)).await;
    stack.stop().await;
    result
}

async fn count_on(stack: &Stack, scene: &Scene) -> Result<Vec<Counted>, Failure> {
    let api = Api::sign_in(&stack.http_url(), scene).await?;
    let mut all = Vec::new();
    for row in rows() {
        let mut calls = Vec::new();
        for call in (row.calls)(scene, 0, 0).unwrap_or_default() {
            let Cost { round_trips, read_units, write_units, .. } = cost(stack, &api, &call).await?;
            calls.push((round_trips, read_units, write_units));
        }
        for call in row.undo.and_then(|undo| undo(scene, 0, 0)).unwrap_or_default() {
            api.ask(&call).await?;
        }
        // What follows from it is not to be there for one and not for another.
        stack.drained().await;
        all.push(Counted { name: row.name, calls });
    }
    Ok(all)
}

/// What a call cost the function that served it.
async fn cost(stack: &Stack, api: &Api, call: &Call) -> Result<Cost, Failure> {
    let mut records = stack.records();
    api.ask(call).await?;
    loop {
        let record = records.recv().await?;
        if !record.method.is_empty() {
            return record.function.map(|(_, cost)| cost).ok_or_else(|| "no function served it".into());
        }
    }
}
