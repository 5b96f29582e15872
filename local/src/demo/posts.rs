//! What they write: a new oven, an exhibition, a concert, a walk.

use super::story::{FRIENDS, PRIVATE, PUBLIC, Post, at};

/// All of it, the oldest first.
pub(super) const POSTS: [Post; 24] = [
    Post {
        at: at(6, 6, 10),
        by: "tomas",
        visibility: PUBLIC,
        text: "The new oven is in. Four men, one pallet jack, and a neighbour's wall to which we now owe an \
               apology. First loaves tomorrow at seven. 🍞",
        likes: &["maya", "yuki", "omar", "sam", "ines", "lena"],
        comments: &[
            (14, "maya", "I come off shift at seven. Save me one with a crust that fights back."),
            (16, "tomas", "It will fight."),
            (190, "omar", "The wall says it forgives you for a rye."),
        ],
    },
    Post {
        at: at(6, 12, 40),
        by: "lena",
        visibility: FRIENDS,
        text: "Spent the morning hanging under a bridge with a hammer, listening. Good concrete rings, bad \
               concrete thuds. Today it rang. 🔔",
        likes: &["arjun", "dima", "maya"],
        comments: &[
            (9, "arjun", "So it is unit tests, but the units are forty years old."),
            (11, "lena", "And when one fails you hear it from the minister."),
            (45, "dima", "Take me along. I bring my own harness."),
        ],
    },
    Post {
        at: at(6, 21, 30),
        by: "sam",
        visibility: PUBLIC,
        text: "Open mic tomorrow, back room of the Galo. Five new minutes about my landlord. He is coming. He \
               does not know.",
        likes: &["zoe", "tomas", "lena", "arjun", "bianca"],
        comments: &[
            (4, "zoe", "I will sit where I can see his face."),
            (30, "bianca", "If it goes badly I have a lovely studio for you!! 🏡"),
        ],
    },
    Post {
        at: at(5, 7, 5),
        by: "tomas",
        visibility: PUBLIC,
        text: "Abrimos! Primeira fornada do forno novo: pão de Mafra, broa, e vinte pastéis de nata que não \
               chegaram às oito.",
        likes: &["maya", "ines", "yuki", "dima", "omar"],
        comments: &[
            (22, "ines", "Guarda-me uma broa para o barco 🙏"),
            (25, "tomas", "Já está num saco com o teu nome."),
            (60, "maya", "The crust fought back. It lost. I am happy."),
        ],
    },
    Post {
        at: at(5, 8, 30),
        by: "maya",
        visibility: PRIVATE,
        text: "Note to self: four nights in a row is one too many. Ask about the rota after payday, not before. \
               And eat something green that is not a jelly baby.",
        likes: &[],
        comments: &[],
    },
    Post {
        at: at(5, 18, 20),
        by: "ines",
        visibility: PUBLIC,
        text: "37 common dolphins off Sesimbra this morning, four of them calves who had not yet worked out \
               breathing and jumping at the same time. 🐬 Survey day 12 of 30.",
        likes: &["maya", "tomas", "dima", "amira", "lena", "yuki"],
        comments: &[
            (12, "amira", "Breathing and jumping at the same time is also why I do astronomy."),
            (40, "dima", "Если есть место на борту, я молчу и не мешаю. One camera, no flash."),
            (44, "ines", "Há lugar. Bring a jacket, and something against the smell of bait."),
        ],
    },
    Post {
        at: at(5, 23, 48),
        by: "arjun",
        visibility: FRIENDS,
        text: "Paged in the middle of dinner. The cause: a certificate that expired on a machine nobody knew we \
               had. Its name was 'temp'. It was from 2017.",
        likes: &["lena", "sam", "amira", "omar"],
        comments: &[
            (3, "lena", "Ring or thud?"),
            (5, "arjun", "Thud."),
            (
                480,
                "omar",
                "Nothing lasts like the provisional. I have a shelf that I put up 'for now' in 1991.",
            ),
        ],
    },
    Post {
        at: at(5, 23, 55),
        by: "sam",
        visibility: PUBLIC,
        text: "The landlord laughed! Then he asked for a writing credit. Then he raised the rent. 🎤",
        likes: &["zoe", "lena", "maya", "tomas", "arjun", "bianca", "amira"],
        comments: &[
            (6, "zoe", "Confirmed. I saw the face. It went through all four seasons."),
            (15, "maya", "Ask whether the credit comes with a boiler that works."),
        ],
    },
    Post {
        at: at(4, 9, 0),
        by: "bianca",
        visibility: PUBLIC,
        text: "✨ JUST LISTED ✨ Charming studio, 14 m², full of light (ask me about the window). Message me!! \
               🏡🔑 #home #blessed",
        likes: &[],
        comments: &[
            (20, "sam", "Is the window included, or is it listed separately?"),
            (24, "bianca", "Haha Sam!! It is negotiable 😊"),
        ],
    },
    Post {
        at: at(4, 10, 15),
        by: "yuki",
        visibility: PUBLIC,
        text: "展覧会まであと二日。まだ額が三枚足りません… Two days to the exhibition and three frames short. If \
               there is a 30×40 with glass in your attic, I trade it for a drawing of your cat (or of a cat, if \
               you have none).",
        likes: &["omar", "zoe", "tomas", "dima"],
        comments: &[
            (18, "omar", "Two from the shop window. The glass is from 1974 and so is the dust."),
            (33, "zoe", "One here. I have no cat. Draw me Sam."),
            (95, "yuki", "三枚! ありがとう 🙇 Sam is harder than a cat. He does not sit."),
        ],
    },
    Post {
        at: at(4, 11, 0),
        by: "omar",
        visibility: PUBLIC,
        text: "A customer asked for 'a book that does not want anything from me'. I sold her a dictionary of sea \
               birds. الكتاب خير جليس\n\nReading night the day after tomorrow: bring one page by somebody you \
               disagree with.",
        likes: &["yuki", "zoe", "amira", "tomas", "arjun"],
        comments: &[
            (50, "amira", "May I bring a page by myself, from two years ago?"),
            (58, "omar", "Those are the best ones."),
        ],
    },
    Post {
        at: at(4, 14, 0),
        by: "zoe",
        visibility: FRIENDS,
        text: "Third stand of the cellos, which means that I see the conductor only when he jumps. Dvořák 8 all the \
               same, and he jumps a lot. Come the day after tomorrow: whoever is broke pays in cake. 🎻",
        likes: &["maya", "yuki", "sam", "omar"],
        comments: &[
            (10, "sam", "How much cake for two?"),
            (12, "zoe", "For you? One, whole."),
            (75, "maya", "I am on from nine. I can hear the first half in scrubs, if nobody minds."),
        ],
    },
    Post {
        at: at(4, 19, 30),
        by: "dima",
        visibility: FRIENDS,
        text: "Проявил плёнку с маяка. One picture of 36 is good, which is above my average. The light at Cabo \
               Espichel does all the work, and I take the credit.",
        likes: &["yuki", "lena", "ines", "tomas"],
        comments: &[
            (26, "lena", "The rocks did some of the work, too."),
            (31, "dima", "The rocks were paid."),
        ],
    },
    Post {
        at: at(3, 8, 45),
        by: "lena",
        visibility: PUBLIC,
        text: "The plan for our walk, two days from now: early bus, along the ridge of the Arrábida, a swim at \
               Galapinhos, home before anybody's evening begins. 14 km, 600 m up, no heroes. Who is in? 🥾",
        likes: &["maya", "tomas", "ines", "dima", "arjun", "sam"],
        comments: &[
            (5, "maya", "In. Off at seven, asleep on the bus by eight."),
            (7, "tomas", "I bring lunch for everybody, and for three more, as always."),
            (16, "arjun", "I bring a phone that must not ring."),
            (29, "ines", "The water has 17 °C. I have measured. Bring courage."),
            (41, "sam", "'No heroes' is also what my gym said."),
        ],
    },
    Post {
        at: at(3, 17, 30),
        by: "amira",
        visibility: PUBLIC,
        text: "A clear sky tonight and no moon, and Saturn just sits there as if it were waiting for a bus. \
               Telescope on the miradouro from ten, everybody is welcome, no torches please. 🔭🪐",
        likes: &["maya", "arjun", "omar", "ines", "sam"],
        comments: &[
            (8, "arjun", "I bring coffee. Does coffee emit light?"),
            (10, "amira", "Not the way you make it."),
        ],
    },
    Post {
        at: at(3, 23, 15),
        by: "maya",
        visibility: FRIENDS,
        text: "Saw the rings. I have held people on their first day in the world, and I still said 'oh' like that.",
        likes: &["amira", "arjun", "ines", "zoe", "lena"],
        comments: &[(4, "amira", "Everybody says 'oh'. I have a list. Yours was a good one.")],
    },
    Post {
        at: at(3, 23, 50),
        by: "arjun",
        visibility: PRIVATE,
        text: "For the review tomorrow. To say: it was the process, not a person. Not to say: the person's name. Not \
               to say either: that it was me.",
        likes: &[],
        comments: &[],
    },
    Post {
        at: at(2, 7, 40),
        by: "tomas",
        visibility: FRIENDS,
        text: "A man came back to tell me that yesterday's bread was too good, and now his children refuse the \
               other one. I still do not know whether that was a complaint.",
        likes: &["maya", "omar", "ines", "sam", "yuki", "dima"],
        comments: &[(35, "omar", "It was a review. Frame it. I am out of frames.")],
    },
    Post {
        at: at(2, 18, 5),
        by: "yuki",
        visibility: PUBLIC,
        text: "Open! 23 drawings, every frame found, and 11 of them have a red dot already. The cat that is Sam was \
               the first to go. ありがとう、みんな 🖼️🔴",
        likes: &["omar", "zoe", "tomas", "dima", "lena", "sam"],
        comments: &[
            (6, "sam", "Who bought me? How much was I?"),
            (9, "zoe", "I did, and less than you think."),
            (20, "dima", "Поздравляю! I photographed the red dots. All eleven are in focus."),
        ],
    },
    Post {
        at: at(2, 20, 10),
        by: "ines",
        visibility: FRIENDS,
        text: "Lost the hydrophone over the side. Found the hydrophone. The four hours in between stay between me \
               and the sea.",
        likes: &["dima", "maya", "tomas", "amira"],
        comments: &[(12, "dima", "And me. I was on board. I saw nothing."), (13, "ines", "Thank you.")],
    },
    Post {
        at: at(2, 23, 20),
        by: "zoe",
        visibility: PUBLIC,
        text: "We did it. The tune of the cellos in the first bar, and for once nobody coughed. Thank you for the \
               cake; the violas have found it already. 🎻🍰",
        likes: &["maya", "yuki", "sam", "omar", "amira", "tomas", "lena"],
        comments: &[
            (5, "omar", "I closed the reading night early for it. The page I disagreed with can wait."),
            (
                18,
                "maya",
                "Heard it to the end of the slow movement, then ran. Three people asked me on the tram \
                          whether somebody was ill.",
            ),
        ],
    },
    Post {
        at: at(1, 18, 15),
        by: "lena",
        visibility: FRIENDS,
        text: "14 km, 600 m up, one blister (Arjun), one swim (everybody), no heroes. The phone did not ring. \
               Missing since the bus: one hiking pole, blue, sentimental value.",
        likes: &["maya", "arjun", "dima", "sam", "ines"],
        comments: &[
            (3, "arjun", "The blister was mine. The pole was not me."),
            (9, "sam", "I may have leaned on it while telling a long story."),
            (11, "lena", "How long?"),
            (12, "sam", "About from Casais da Serra to the beach."),
        ],
    },
    Post {
        at: at(1, 19, 40),
        by: "dima",
        visibility: FRIENDS,
        text: "Все живы. The group on the ridge: eleven times the shutter, and one picture in which everybody has \
               their eyes open. In that one Sam is in the middle of a sentence. As in life.",
        likes: &["lena", "ines", "tomas", "yuki"],
        comments: &[(7, "ines", "Print it. Big. For the lab."), (22, "tomas", "And one for above the oven.")],
    },
    Post {
        at: at(1, 20, 30),
        by: "maya",
        visibility: PUBLIC,
        text: "First free day in nine. Feet: salt. Pockets: sand. Phone: off from now on. 🌊",
        likes: &["tomas", "lena", "zoe", "ines", "amira", "arjun"],
        comments: &[
            (10, "sam", "You posted that. From a phone."),
            (11, "tomas", "Deixa-a. Boa noite, Maya. 🌙"),
        ],
    },
];
