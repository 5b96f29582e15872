//! A world as items, and how they get into a store: exactly those that the domain would have written,
//! past the API, which would take a day.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Instant;

use local::dynamodb::Loader;
use local::stack::Overrides;
use local::{Options, Stack};
use shared::accounts::{Password, PasswordHash, Passwords, account};
use shared::clock::{Clock, Timestamp};
use shared::ids::Ids;
use shared::store::Put;
use shared::text::Parse as _;
use shared::{feed, friends, posts};

use crate::Failure;
use crate::world::World;

/// What everybody signs in with.
pub const PASSWORD: &str = "copper-Tuba-1967-drizzle";

/// The table's name here.
const TABLE: &str = "kith-Table";

/// How many people's items are written in one transaction of SQLite.
const AT_ONCE: u32 = 100;

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Items of the table.
    pub items: u64,
    /// Relations among them: two for each friendship.
    pub relations: u64,
    /// Posts among them.
    pub posts: u64,
}

/// The options of a stack on a data folder, on any free ports.
#[must_use]
pub fn options(data: &Path) -> Options {
    Options {
        memory: false,
        data: data.into(),
        http_port: 0,
        ws_port: 0,
        s3_port: 0,
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        clock_offset: 0,
        demo: false,
        template: concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml").into(),
    }
}

/// Makes a world in a data folder, in which there must be no other.
pub async fn seed(world: &World, folder: &Path, say: impl Fn(String)) -> Result<Made, Failure> {
    // It makes the table, as the template declares it.
    Stack::start(&options(folder), Overrides::default()).await?.stop().await;
    let hash = password_hash().await?;
    let loader = Loader::open(folder)?;
    let (mut made, started) = (Made::default(), Instant::now());
    for first in (0..world.size.people).step_by(AT_ONCE as usize) {
        let mut items = Vec::new();
        for person in first..(first + AT_ONCE).min(world.size.people) {
            let mut write_id = world.write_ids(person);
            for Written { kind, puts } in written_by(world, person, &hash)? {
                let id = write_id();
                made.count(kind, puts.len());
                items.extend(puts.into_iter().map(|put| put.into_item(&id)));
            }
        }
        loader.load(TABLE, items)?;
        if first % 1_000 == 0 {
            say(format!("{first} people, {} items, {:.0} s", made.items, started.elapsed().as_secs_f64()));
        }
    }
    loader.finish()?;
    world.note(folder)?;
    Ok(made)
}

/// What an item is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Account,
    Friendship,
    Post,
    Entry,
}

impl Made {
    fn count(&mut self, kind: Kind, items: usize) {
        let items = u64::try_from(items).unwrap_or(u64::MAX);
        self.items += items;
        match kind {
            Kind::Friendship => self.relations += items,
            Kind::Post => self.posts += 1,
            Kind::Account | Kind::Entry => {}
        }
    }
}

/// What one write made.
struct Written {
    kind: Kind,
    puts: Vec<Put>,
}

/// All that is somebody's, by the writes that would have made it.
fn written_by(world: &World, person: u32, hash: &PasswordHash) -> Result<Vec<Written>, Failure> {
    let (profile, email) = world.profile(person)?;
    let user = profile.user_id;
    let mut all = vec![Written { kind: Kind::Account, puts: account(&profile, &email, hash.clone())? }];
    for (friend, bond) in world.friendships(person) {
        let puts = friends::edges_of(user, world.user(friend), &bond)?.into();
        all.push(Written { kind: Kind::Friendship, puts });
    }
    for post in world.posts(person, Timestamp::from_millis(0)) {
        all.push(Written { kind: Kind::Post, puts: posts::post(post.id, &post.new_post()?)?.into() });
    }
    let kept = i64::try_from(feed::KEPT_FOR.as_millis())?;
    let since = Timestamp::from_millis(world.now.millis() - kept + 1);
    let shown = world.friends(person).into_iter().flat_map(|friend| world.posts(friend, since));
    for post in shown.filter(|post| post.visibility.is_shared()) {
        all.push(Written { kind: Kind::Entry, puts: vec![feed::entry(user, post.id)?] });
    }
    Ok(all)
}

/// The hash of everybody's password, always with the same salt.
async fn password_hash() -> Result<PasswordHash, Failure> {
    let ids = Ids::from_source(Clock::system(), |bytes| bytes.fill(7));
    let password = Password::parse(PASSWORD).map_err(|refusal| refusal.to_string())?;
    Ok(Passwords::new(ids).hash(password, Vec::new(), "/password").await?)
}
