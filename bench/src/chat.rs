//! Pairs of people who talk, each of them connected: as fast as they can, and at a steady pace.

use std::time::{Duration, Instant};

use futures_util::future::{try_join, try_join_all};
use local::Stack;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::device::Device;
use crate::figures::Times;
use crate::{Chat, Failure, Storage, millis, raw};

/// What is to be reached: messages a second as fast as they can, and half of all answers at a pace.
const IN_MEMORY: u32 = 600;
const ON_DISK: u32 = 250;
const PACED: Duration = Duration::from_millis(5);

/// Two people who talk, one at a time.
struct Pair {
    devices: [Device; 2],
    /// The names of all messages that were acknowledged, in their order.
    said: Vec<String>,
    /// How many of them were not heard by the other one.
    unheard: usize,
}

/// How long it took until the sender had its answer, and until the other one had the message.
#[derive(Default)]
struct Took {
    answer: Times,
    arrival: Times,
}

/// Measures it, and fails if an acknowledged message is lost.
pub(crate) async fn run(stack: &Stack, storage: Storage, how: Chat) -> Result<(), Failure> {
    let time = Duration::from_secs(how.seconds);
    let url = stack.http_url();
    let mut pairs = try_join_all((0..how.pairs).map(|number| Pair::meet(&url, number))).await?;
    stack.drained().await;
    let kept = if storage == Storage::Memory { "in memory" } else { "on disk" };
    println!("chat, {} pairs, kept {kept}", how.pairs);

    let started = Instant::now();
    let mut took = all(&mut pairs, async |pair, _, took| {
        while started.elapsed() < time {
            pair.say(took).await?;
        }
        Ok(())
    })
    .await?;
    let rate = f64::from(took.answer.count()) / started.elapsed().as_secs_f64();
    let bar = if storage == Storage::Memory { IN_MEMORY } else { ON_DISK };
    println!("  as fast as can be  {rate:.0} messages a second (at least {bar})");
    took.print();

    stack.drained().await;
    // Each pair at its turn, so that all of them together keep the pace.
    let turn = Duration::from_secs(1) / how.pace;
    let round = turn * u32::try_from(how.pairs)?;
    let started = tokio::time::Instant::now() + turn;
    let mut took = all(&mut pairs, async |pair, number, took| {
        let mut ticks = interval_at(started + turn * u32::try_from(number)?, round);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while ticks.tick().await < started + time {
            pair.say(took).await?;
        }
        Ok(())
    })
    .await?;
    let half = millis(took.answer.percentile(50));
    println!("  {} a second        half answered in {half} (at most {})", how.pace, millis(PACED));
    took.print();

    let raw = raw::transactions(stack, how.pairs, time / 2).await?;
    println!("  storage by itself  {raw:.0} transactions a second, {} at once", how.pairs);

    try_join_all(pairs.iter().map(Pair::check)).await?;
    let said: usize = pairs.iter().map(|pair| pair.said.len()).sum();
    let unheard: usize = pairs.iter().map(|pair| pair.unheard).sum();
    println!("  {said} messages acknowledged, 0 lost, {unheard} not heard at once\n");
    Ok(())
}

/// Lets all pairs do something at once; answers how long their messages took.
async fn all(
    pairs: &mut [Pair],
    work: impl AsyncFn(&mut Pair, usize, &mut Took) -> Result<(), Failure>,
) -> Result<Took, Failure> {
    let each = pairs.iter_mut().enumerate().map(async |(number, pair)| {
        let mut took = Took::default();
        work(pair, number, &mut took).await?;
        Ok::<_, Failure>(took)
    });
    let mut all = Took::default();
    for took in try_join_all(each).await? {
        all.answer.add(took.answer);
        all.arrival.add(took.arrival);
    }
    Ok(all)
}

impl Pair {
    async fn meet(url: &str, number: usize) -> Result<Self, Failure> {
        let (one, other) = (format!("one{number}"), format!("other{number}"));
        let (one, other) = try_join(Device::register(url, &one), Device::register(url, &other)).await?;
        one.befriend(&other).await?;
        Ok(Self { devices: [one, other], said: Vec::new(), unheard: 0 })
    }

    /// One of them says something, in turns: it waits for the answer, and the other for the message.
    async fn say(&mut self, took: &mut Took) -> Result<(), Failure> {
        let name = self.said.len().to_string();
        let [one, other] = &mut self.devices;
        let (sender, recipient) = if self.said.len().is_multiple_of(2) { (one, other) } else { (other, one) };
        let started = Instant::now();
        sender.send(&recipient.user_id, &name).await?;
        let (answer, arrival) = try_join(sender.hear("ack", &name), recipient.hear("message", &name)).await?;
        took.answer.push(answer.ok_or("a message was not answered")? - started);
        match arrival {
            Some(arrival) => took.arrival.push(arrival - started),
            None => self.unheard += 1,
        }
        self.said.push(name);
        Ok(())
    }

    /// Fails unless both find what was acknowledged, and nothing else, in its order.
    async fn check(&self) -> Result<(), Failure> {
        let [one, other] = &self.devices;
        let (mine, theirs) = try_join(one.history(other), other.history(one)).await?;
        if mine == self.said && theirs == self.said {
            return Ok(());
        }
        let (said, mine, theirs) = (self.said.len(), mine.len(), theirs.len());
        Err(format!("of {said} messages one has {mine}, and the other {theirs}, or others").into())
    }
}

impl Took {
    fn print(&mut self) {
        println!("    answered         {}", self.answer.text());
        println!("    with the other   {}", self.arrival.text());
    }
}
