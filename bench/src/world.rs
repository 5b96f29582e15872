//! People, friendships and posts, all of them known from a seed.
//!
//! Everybody has as many friends as everybody else: the person at place `i` is a friend of those at
//! `i ± d`, for some distances `d`, half of which are short, so that friends have friends in common.
//! Posts are written in turn, by one person after the other, evenly over [`DAYS`] days. So what one
//! person sees is alike in a world of any size, and whatever costs more in a larger one is due to its
//! size.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use shared::accounts::{Email, Username};
use shared::clock::{Clock, Timestamp};
use shared::friends::pair::{Bond, Side, Tie};
use shared::ids::{Ids, PostId, UserId, WriteId};
use shared::posts::{NewPost, PostText, Visibility};
use shared::profiles::{Bio, Location, Name, ProfileItem};
use shared::text::{Parse, Refusal};

use crate::Failure;

/// Over how many days people have been writing.
pub const DAYS: u32 = 1_000;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// How many people.
    pub people: u32,
    /// How many friends each of them has: an even number, less than there are others.
    pub friends: u32,
    /// How many posts: as many by each.
    pub posts: u32,
}

impl Size {
    /// What is compared with.
    pub const SMALL: Self = Self { people: 300, friends: 100, posts: 3_000 };
    /// 1,000,000 relations, as a friendship is two.
    pub const LARGE: Self = Self { people: 10_000, friends: 100, posts: 100_000 };
}

/// All of it. What it is made of is made when it is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    /// How much there is.
    pub size: Size,
    /// What all else follows from.
    pub seed: u64,
    /// When all of it has been made.
    pub now: Timestamp,
    /// How far away in the circle friends are.
    distances: Vec<u32>,
}

/// A post, but for its text.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Which.
    pub id: PostId,
    /// For whom it is.
    pub visibility: Visibility,
    /// How many its author had written before.
    turn: u32,
}

/// What is drawn at random.
#[derive(Clone, Copy, Debug)]
enum Draw {
    Distances,
    Person,
    Friendship,
    Post,
    Entry,
}

const FIRST: [&str; 16] = [
    "Maya", "Tomás", "Yuki", "Lena", "Arjun", "Zoë", "Omar", "Inês", "Dmitri", "Bianca", "Sam", "Amira",
    "Jón", "Łucja", "Chiamaka", "Søren",
];
const LAST: [&str; 16] = [
    "Okafor",
    "Ferreira",
    "Satō",
    "Brandt",
    "Mehta",
    "Delacroix",
    "Haddad",
    "Carvalho",
    "Volkov",
    "Rossi",
    "O'Brien",
    "Said",
    "Nguyễn",
    "Kowalska",
    "Lindqvist",
    "Müller",
];

impl Written {
    /// With its text.
    pub fn new_post(&self) -> Result<NewPost, Failure> {
        let text = format!(
            "Number {:02} of mine: the bread was gone by eight, the bridge still rings, and whoever asked for the \
             blue hiking pole may have it back.",
            self.turn
        );
        Ok(NewPost { text: parse::<PostText>(&text)?, visibility: self.visibility })
    }
}

impl World {
    /// One that was made by now.
    #[must_use]
    pub fn new(size: Size, seed: u64, now: Timestamp) -> Self {
        let mut world = Self { size, seed, now, distances: Vec::new() };
        let Size { people, friends, .. } = size;
        let near = friends / 4;
        let mut rng = world.rng(Draw::Distances, 0);
        // Half of the circle, as each distance leads to two friends.
        let far = rng.choose_multiple(near + 1..people.div_ceil(2), (friends / 2 - near) as usize);
        world.distances = (1..=near).chain(far).collect();
        world
    }

    /// The one that a data folder was seeded with, if it was.
    pub fn of(folder: &Path) -> Result<Option<Self>, Failure> {
        match std::fs::read(folder.join("world.json")) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes that a data folder was seeded with this one.
    pub fn note(&self, folder: &Path) -> Result<(), Failure> {
        Ok(std::fs::write(folder.join("world.json"), serde_json::to_vec(self)?)?)
    }

    /// Somebody's id.
    #[must_use]
    pub fn user(&self, person: u32) -> UserId {
        self.ids(Draw::Person, person, self.registered(person)).user_id()
    }

    /// What somebody signs in with.
    #[must_use]
    pub fn username(person: u32) -> String {
        format!("person{person:05}")
    }

    /// Somebody's profile, and their email.
    pub fn profile(&self, person: u32) -> Result<(ProfileItem, Email), Failure> {
        let username = Self::username(person);
        let email = parse(&format!("{username}@example.com"))?;
        let username: Username = parse(&username)?;
        let (first, last) = (FIRST[person as usize % 16], LAST[person as usize / 16 % 16]);
        let name: Name = parse(&format!("{first} {last}"))?;
        let mut profile = ProfileItem::new(self.user(person), username, name, self.registered(person));
        profile.bio = parse::<Bio>("Likes long walks, short meetings, and bread with a crust.")?;
        profile.location = parse::<Location>("Lisboa")?;
        profile.version += 1;
        profile.friend_count = self.size.friends;
        Ok((profile, email))
    }

    /// Who is somebody's friend.
    #[must_use]
    pub fn friends(&self, person: u32) -> Vec<u32> {
        let people = self.size.people;
        let both = |distance: &u32| [(person + distance) % people, (person + people - distance) % people];
        self.distances.iter().flat_map(both).collect()
    }

    /// Those of the friendships that are counted as this person's: with everybody's, each is there once.
    #[must_use]
    pub fn friendships(&self, person: u32) -> Vec<(u32, Bond)> {
        let friendships = self.distances.iter().map(|distance| {
            let friend = (person + distance) % self.size.people;
            let mut rng = self.rng(Draw::Friendship, person ^ friend.rotate_left(16));
            let ago = i64::from(DAYS) * DAY + rng.i64(DAY..100 * DAY);
            let asked = Timestamp::from_millis(self.now.millis() - ago);
            let since = asked.after(Duration::from_secs(rng.u64(60..80_000)));
            (friend, Bond { tie: Tie::Friends { by: Side::Me, asked, since }, ..Bond::default() })
        });
        friendships.collect()
    }

    /// Somebody's posts since then, the oldest first.
    pub fn posts(&self, person: u32, since: Timestamp) -> impl Iterator<Item = Written> {
        let Size { people, posts, .. } = self.size;
        let author = self.user(person);
        (person..posts).step_by(people as usize).zip(0_u32..).filter_map(move |(number, turn)| {
            let ago = i64::from(DAYS) * DAY / i64::from(posts) * i64::from(posts - number);
            let at = Timestamp::from_millis(self.now.millis() - ago);
            let visibility = match (person + turn) % 5 {
                0 => Visibility::Private,
                1 | 2 => Visibility::Public,
                _ => Visibility::Friends,
            };
            let post = || Written { id: self.ids(Draw::Post, number, at).post_id(author), visibility, turn };
            (at >= since).then(post)
        })
    }

    /// What marks the writes that made somebody and what is theirs: as many as are asked for.
    pub fn write_ids(&self, person: u32) -> impl FnMut() -> WriteId {
        let ids = self.ids(Draw::Entry, person, self.now);
        move || ids.write_id()
    }

    fn registered(&self, person: u32) -> Timestamp {
        let ago = i64::from(DAYS + 200) * DAY - 60_000 * i64::from(person);
        Timestamp::from_millis(self.now.millis() - ago)
    }

    fn ids(&self, draw: Draw, number: u32, at: Timestamp) -> Ids {
        let rng = Mutex::new(self.rng(draw, number));
        let fill = move |bytes: &mut [u8]| rng.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
        Ids::from_source(Clock::from_fn(move || at), fill)
    }

    fn rng(&self, draw: Draw, number: u32) -> Rng {
        // Neighbours are to have nothing in common: the generator itself spreads what it is given.
        let of_draw = Rng::with_seed(self.seed ^ ((draw as u64) << 56)).u64(..);
        Rng::with_seed(of_draw ^ Rng::with_seed(u64::from(number)).u64(..))
    }
}

fn parse<T: Parse>(text: &str) -> Result<T, Failure> {
    T::parse(text).map_err(|refusal: Refusal| format!("{text:?} {refusal}").into())
}
