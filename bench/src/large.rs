//! A small and a large world side by side: what calls cost, and how long they take.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bench::Failure;
use bench::calls::{Api, CLIENTS, Call, Row, Scene, rows};
use bench::costs::{self, Counted};
use bench::seed::seed;
use bench::world::{Size, World};
use futures_util::future::try_join_all;
use shared::clock::{Clock, Timestamp};
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::figures::Times;
use crate::millis;
use crate::served::Served;

/// Both worlds, by their names.
const WORLDS: [(&str, Size); 2] = [("small", Size::SMALL), ("large", Size::LARGE)];

/// What was measured of a row.
#[derive(Debug, Default)]
struct Speed {
    /// Time of a processor for each time that it was asked for, in milliseconds.
    processor: f64,
    took: Times,
}

/// What was measured of a world: of each row by its name.
struct Measured {
    speeds: Vec<(&'static str, Speed)>,
    /// Of those rows that write, without what follows.
    alone: Vec<(&'static str, Speed)>,
}

/// Measures all of it. The worlds are kept in this folder, and made there if they are not.
pub(crate) fn run(folder: &Path, seconds: u64) -> Result<(), Failure> {
    // On one thread, where what is called at once begins before any of it ends: so is it counted.
    let one_thread = Builder::new_current_thread().enable_all().build()?;
    let mut counted = Vec::new();
    for (name, size) in WORLDS {
        let world = one_thread.block_on(made(folder, name, size))?;
        let copy = copy(folder, name)?;
        counted.push(one_thread.block_on(costs::count(&world, copy.path()))?);
    }
    drop(one_thread);
    let same = compare(&counted);

    let threads = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut all = Vec::new();
    for (name, size) in WORLDS {
        let world = threads.block_on(made(folder, name, size))?;
        println!("\n{name}: {} people, {} posts", size.people, size.posts);
        let time = Duration::from_secs(seconds);
        let copied = copy(folder, name)?;
        let (start, speeds) = threads.block_on(measure(&world, copied.path(), time, false))?;
        drop(copied);
        let copied = copy(folder, name)?;
        let (_, alone) = threads.block_on(measure(&world, copied.path(), time, true))?;
        println!("  from its start to the first answer {}", millis(start));
        all.push(Measured { speeds, alone });
    }
    print(&mut all);
    same
}

/// Makes a world, unless it is there.
pub(crate) async fn made(folder: &Path, name: &str, size: Size) -> Result<World, Failure> {
    let folder = folder.join(name);
    if let Some(world) = World::of(&folder)? {
        return if world.size == size { Ok(world) } else { Err("there is another world".into()) };
    }
    // The first millisecond of the day: nothing depends on the second at which it is made.
    let now = Clock::system().now();
    let today = Timestamp::from_millis(now.millis() - now.millis().rem_euclid(24 * 60 * 60 * 1000));
    let (world, started) = (World::new(size, 1, today), Instant::now());
    let made = seed(&world, &folder, |line| println!("  {line}")).await?;
    println!("{name}: {made:?} in {:.0} s", started.elapsed().as_secs_f64());
    Ok(world)
}

/// A copy of a world, in which something may be changed.
fn copy(folder: &Path, name: &str) -> Result<TempDir, Failure> {
    let copy = TempDir::with_prefix_in("copy-", folder)?;
    copy_all(&folder.join(name), copy.path())?;
    Ok(copy)
}

fn copy_all(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, to): (_, PathBuf) = (entry?, to.into());
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Prints what each row costs, and fails if one costs more, or less, in one of the worlds.
fn compare(counted: &[Vec<Counted>]) -> Result<(), Failure> {
    println!("\n| call | round trips, R, W in the small one | and in the large one |\n|---|---|---|");
    let mut differ = BTreeSet::new();
    let [small, large] = counted else { return Err("there are two worlds".into()) };
    for (small, large) in small.iter().zip(large) {
        println!("| {} | {} | {} |", small.name, text(small), text(large));
        if small != large {
            differ.insert(small.name);
        }
    }
    if differ.is_empty() { Ok(()) } else { Err(format!("{differ:?} cost otherwise in the large one").into()) }
}

fn text(counted: &Counted) -> String {
    let calls = counted.calls.iter().map(|(trips, reads, writes)| format!("{trips}, {reads}, {writes}"));
    calls.collect::<Vec<_>>().join("; ")
}

/// Measures all rows; and how long it took from the start of the stack to its first answer. `alone`: only
/// those that write, without what follows from that.
async fn measure(
    world: &World,
    folder: &Path,
    time: Duration,
    alone: bool,
) -> Result<(Duration, Vec<(&'static str, Speed)>), Failure> {
    let scene = Scene::of(world);
    let served = Served::start(folder, alone).await?;
    let api = Api::sign_in(&served.url, &scene).await?;
    served.stop().await?;
    let mut served = Served::start(folder, alone).await?;
    let api = api.at(&served.url);
    let first = Call { method: http::Method::GET, path: "/v1/me".into(), by: 0, body: None };
    api.ask(&first).await?;
    let start = served.age();
    let mut speeds = Vec::new();
    for row in rows().iter().filter(|row| row.writes || !alone) {
        speeds.push((row.name, speed(&mut served, &api, &scene, row, time).await?));
    }
    served.stop().await?;
    Ok((start, speeds))
}

/// Lets all clients ask for a row, again and again.
async fn speed(
    served: &mut Served,
    api: &Api,
    scene: &Scene,
    row: &Row,
    time: Duration,
) -> Result<Speed, Failure> {
    served.drained().await?;
    let (before, started) = (served.processor_time()?, Instant::now());
    let clients = (0..CLIENTS).map(async |client| {
        let (mut took, mut turn) = (Times::default(), 0);
        // Turn 0 was for the costs.
        while started.elapsed() < time {
            let Some(calls) = (row.calls)(scene, client, turn + 1) else { break };
            let asked = Instant::now();
            for call in &calls {
                api.ask(call).await?;
            }
            took.push(asked.elapsed());
            turn += 1;
        }
        Ok::<_, Failure>((took, turn))
    });
    let (mut speed, mut turns) = (Speed::default(), Vec::new());
    for (took, turn) in try_join_all(clients).await? {
        speed.took.add(took);
        turns.push(turn);
    }
    served.drained().await?;
    let spent = served.processor_time()?.saturating_sub(before);
    speed.processor = spent.as_secs_f64() * 1000.0 / f64::from(speed.took.count().max(1));
    if let Some(undo) = row.undo {
        for (client, turns) in (0..).zip(turns) {
            for call in (1..=turns).filter_map(|turn| undo(scene, client, turn)).flatten() {
                api.ask(&call).await?;
            }
        }
    }
    Ok(speed)
}

/// Prints all of it, side by side.
fn print(all: &mut [Measured]) {
    println!(
        "\nms of a processor each time, with what follows from it (and without), and how long it took:\n"
    );
    println!(
        "| | small: processor | p50 | p95 | large: processor | p50 | p95 |\n|---|---|---|---|---|---|---|"
    );
    for row in rows() {
        let mut line = format!("| {} |", row.name);
        for Measured { speeds, alone } in &mut *all {
            let alone = alone.iter().find(|(name, _)| *name == row.name);
            let alone = alone.map_or_else(String::new, |(_, speed)| format!(" ({:.2})", speed.processor));
            if let Some((_, speed)) = speeds.iter_mut().find(|(name, _)| *name == row.name) {
                let [half, many] = [50, 95].map(|share| millis(speed.took.percentile(share)));
                let _ = write!(line, " {:.2}{alone} | {half} | {many} |", speed.processor);
            }
        }
        println!("{line}");
    }
}
