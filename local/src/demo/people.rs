//! Who there is: a dozen people in Lisbon who know each other, more or less.

use super::looks;
use super::portrait::Look;

/// Somebody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) username: &'static str,
    pub(super) name: &'static str,
    pub(super) bio: &'static str,
    pub(super) location: &'static str,
    /// What they are up to; "" if they do not say.
    pub(super) status: &'static str,
    pub(super) look: Look,
}

/// What all of them sign in with: it is printed, and good for nothing else.
pub(super) const PASSWORD: &str = "pastel-Nata-0700-forno";

impl Person {
    /// Where mail to them would go, if they were somebody.
    pub(super) fn email(&self) -> String {
        format!("{}@example.com", self.username)
    }
}

/// All of them.
pub(super) const PEOPLE: [Person; 12] = [
    Person {
        username: "maya",
        name: "Maya Okafor",
        bio: "Night nurse. Runs when the city sleeps, sleeps when it runs.",
        location: "Graça, Lisboa",
        status: "Off until the day after tomorrow. Do not ask me to count anything 😴",
        look: looks::MAYA,
    },
    Person {
        username: "tomas",
        name: "Tomás Ferreira",
        bio: "Padeiro. O forno é novo, o fermento é de 1998.",
        location: "Mouraria, Lisboa",
        status: "Forno aceso 🔥",
        look: looks::TOMAS,
    },
    Person {
        username: "yuki",
        name: "佐藤ゆき",
        bio: "Draws cats, commissions, and cats again. イラストレーター。猫は飼っていません。",
        location: "Lisboa ← 京都",
        status: "11 of 23 have a red dot 🔴",
        look: looks::YUKI,
    },
    Person {
        username: "lena",
        name: "Lena Brandt",
        bio: "I knock on bridges for a living. Brücken, Berge, Butterbrot.",
        location: "Almada",
        status: "Looking for who has my other hiking pole",
        look: looks::LENA,
    },
    Person {
        username: "arjun",
        name: "Arjun Mehta",
        bio: "Keeps other people's servers up and my own coffee hot. Opinions are cached.",
        location: "Lisboa",
        status: "Not on call. Say it with me: not on call",
        look: looks::ARJUN,
    },
    Person {
        username: "zoe",
        name: "Zoë Delacroix",
        bio: "Cello, third stand. Teaches children to hold a bow and parents to hold their breath.",
        location: "Alcântara, Lisboa",
        status: "Dvořák is over. What do people do with evenings?",
        look: looks::ZOE,
    },
    Person {
        username: "omar",
        name: "Omar Haddad · عمر حداد",
        bio: "Second-hand books, first-hand opinions. الكتاب خير جليس",
        location: "Rua do Poço dos Negros",
        status: "Open. The cat decides until when.",
        look: looks::OMAR,
    },
    Person {
        username: "ines",
        name: "Inês Carvalho",
        bio: "Counts dolphins and is paid for it, a little. 🐬",
        location: "Sesimbra",
        status: "Survey day 17 of 30",
        look: looks::INES,
    },
    Person {
        username: "dima",
        name: "Дмитрий Волков",
        bio: "Фотограф. Film, mostly. One good picture a roll is plenty.",
        location: "Setúbal",
        status: "",
        look: looks::DIMA,
    },
    Person {
        username: "bianca",
        name: "Bianca Rossi",
        bio: "Your dream home is one click away!! 🏡🔑 Ask me about anything with a view.",
        location: "Everywhere you want to live",
        status: "✨ 3 NEW LISTINGS ✨",
        look: looks::BIANCA,
    },
    Person {
        username: "sam",
        name: "Sam O'Brien",
        bio: "Makes coffee by day and jokes by night. Tips welcome for both.",
        location: "Cork → Lisboa",
        status: "Rent: up. Mood: material.",
        look: looks::SAM,
    },
    Person {
        username: "amira",
        name: "Amira Said",
        bio: "PhD on dust around young stars. Will explain, if you let me. 🔭",
        location: "Tapada da Ajuda",
        status: "Clouds until further notice ☁️",
        look: looks::AMIRA,
    },
];
