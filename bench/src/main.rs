//! The program of this crate.
//!
//! | module | what is in it |
//! |---|---|
//! | this one | what is asked for, and the stack it is tried on |
//! | `chat` | pairs of people who talk: stack and clients are one process |
//! | `device` | one person's device, as any client is |
//! | `raw` | what the storage takes by itself, to compare with |
//! | `large` | a small and a large world side by side |
//! | `served` | a stack in a process of its own |
//! | `figures` | percentiles |

#![expect(clippy::print_stdout, reason = "figures are what it is for")]

mod chat;
mod device;
mod figures;
mod large;
mod raw;
mod served;

use std::path::PathBuf;
use std::time::Duration;

use bench::Failure;
use bench::seed::options;
use bench::world::{Size, World};
use clap::{Parser, Subcommand};
use local::stack::Overrides;
use local::{Options, Stack};
use mimalloc::MiMalloc;
use shared::clock::Clock;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// Measures how fast the local stack is.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Pairs of people who talk: as fast as they can, and at a steady pace.
    Chat(Chat),
    /// Makes a world in a data folder, for the local stack to be tried on: people, friendships, posts.
    Seed(Seed),
    /// What calls cost and how long they take in a small world and in a large one, side by side. Fails
    /// if one costs more DynamoDB in the large one.
    Large(Large),
    /// A stack that is measured from outside.
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        alone: bool,
    },
}

/// How much is made, and where.
#[derive(Clone, Debug, clap::Args)]
struct Seed {
    /// The data folder, in which there must be nothing yet.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How many people.
    #[arg(long, default_value_t = Size::LARGE.people)]
    people: u32,
    /// How many friends each of them has: an even number, less than there are others.
    #[arg(long, default_value_t = Size::LARGE.friends)]
    friends: u32,
    /// How many posts.
    #[arg(long, default_value_t = Size::LARGE.posts)]
    posts: u32,
    /// What all else follows from.
    #[arg(long = "seed", value_name = "N", default_value_t = 1)]
    number: u64,
}

/// Where both worlds are, and for how long they are asked.
#[derive(Clone, Debug, clap::Args)]
struct Large {
    /// Keep the worlds there, to be used again.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// For how many seconds each call is made.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

/// How much is said.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Chat {
    /// How many pairs.
    #[arg(long, default_value_t = 50)]
    pairs: usize,
    /// For how many seconds each part goes on.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many messages a second all of them send at a steady pace.
    #[arg(long, default_value_t = 50)]
    pace: u32,
}

/// Where the stack keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    Memory,
    Disk,
}

/// As the program has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<(), Failure> {
    match Arguments::parse().bench {
        Bench::Chat(how) => everywhere()?.block_on(chat(how)),
        Bench::Seed(what) => everywhere()?.block_on(seed(what)),
        Bench::Large(Large { data: Some(folder), seconds }) => large::run(&folder, seconds),
        Bench::Large(Large { data: None, seconds }) => {
            large::run(TempDir::with_prefix("kith-bench-")?.path(), seconds)
        }
        Bench::Serve { data, alone } => {
            // The lines that the program writes are written here, too, and thrown away.
            log();
            everywhere()?.block_on(served::serve(&data, alone))
        }
    }
}

/// On all processors.
fn everywhere() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

async fn chat(how: Chat) -> Result<(), Failure> {
    log();
    for storage in [Storage::Memory, Storage::Disk] {
        let folder = TempDir::with_prefix("kith-bench-")?;
        let options = Options { memory: storage == Storage::Memory, ..options(folder.path()) };
        let stack = Stack::start(&options, Overrides::default()).await?;
        let result = chat::run(&stack, storage, how).await;
        stack.stop().await;
        result?;
    }
    Ok(())
}

async fn seed(what: Seed) -> Result<(), Failure> {
    let Seed { data, people, friends, posts, number } = what;
    if World::of(&data)?.is_some() {
        return Err("there is a world already: choose another folder with --data".into());
    }
    if friends >= people || !friends.is_multiple_of(2) || friends < 2 {
        return Err("there must be an even number of friends, and more people".into());
    }
    let world = World::new(Size { people, friends, posts }, number, Clock::system().now());
    let made = bench::seed::seed(&world, &data, |line| println!("{line}")).await?;
    println!("{made:?}");
    println!("{} and all the others have the password {}", World::username(0), bench::seed::PASSWORD);
    Ok(())
}

/// Writes the lines that the program writes, and throws them away.
fn log() {
    let lines = fmt::layer().with_target(false).with_writer(std::io::sink);
    let filter =
        Targets::new().with_default(LevelFilter::WARN).with_target("kith::gateway", LevelFilter::INFO);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

/// A time in milliseconds, to be read.
fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
