//! What they say to each other.

use super::story::{Chat, at};

/// All of it, in the order in which it began. The last line of the last one is the last thing that
/// happens at all: that it was said tells that the whole story is there.
pub(super) const CHATS: [Chat; 10] = [
    Chat {
        at: at(6, 15, 2),
        between: ["maya", "tomas"],
        lines: &[
            (0, "maya", "Seven is early for you too, no? Do you sleep at all?"),
            (2, "tomas", "From nine to three. Like a child, but with worse dreams."),
            (3, "maya", "What does a baker dream about"),
            (5, "tomas", "That I forgot the salt. Always the salt."),
            (
                6,
                "maya",
                "I dream that I forgot a patient. It is always the same one. He is fine, he says so, in the dream.",
            ),
            (9, "tomas", "Tomorrow: coffee, bread with a crust, and we do not talk about work."),
            (10, "maya", "Deal. I bring the sleep in person."),
        ],
        read_by: &["tomas"],
    },
    Chat {
        at: at(5, 8, 15),
        between: ["tomas", "ines"],
        lines: &[
            (0, "tomas", "A broa está na arca ao pé da porta. Leva também o queijo."),
            (4, "ines", "És um santo. Quanto é?"),
            (5, "tomas", "Um golfinho. Pequeno."),
            (7, "ines", "Só posso pagar em fotografias. O Dima vem na quinta viagem."),
            (8, "tomas", "Então diz-lhe que me deve uma para a parede. A do forno ficou vazia. E rachada."),
            (9, "ines", "😂 Combinado"),
        ],
        read_by: &["tomas"],
    },
    Chat {
        at: at(4, 10, 40),
        between: ["yuki", "omar"],
        lines: &[
            (0, "yuki", "Omar-san, may I really have the frames from the window?"),
            (
                3,
                "omar",
                "They hold a map of a country that is not there any more. The map can stand without them.",
            ),
            (4, "yuki", "I come at four. I bring a cat."),
            (5, "omar", "A drawn one, I hope. The shop has its own and it is not good at sharing."),
            (7, "yuki", "Drawn. She is reading."),
            (8, "omar", "Then she may stay. What is she reading?"),
            (12, "yuki", "I will ask her tonight 🐈"),
        ],
        read_by: &["omar", "yuki"],
    },
    Chat {
        at: at(4, 20, 5),
        between: ["lena", "arjun"],
        lines: &[
            (0, "arjun", "Serious question: what shoes for 14 km?"),
            (1, "lena", "The ones that you have walked 14 km in."),
            (2, "arjun", "I have no such shoes."),
            (3, "lena", "Then: two pairs of socks, and plasters, and you carry the lighter bag."),
            (5, "arjun", "I have thought about a standing desk for a year. This is where that leads."),
            (
                6,
                "lena",
                "Bring the thing that beeps as well. If it beeps, we throw it into the sea together.",
            ),
            (7, "arjun", "It is waterproof. I checked. I was so disappointed."),
        ],
        read_by: &["lena"],
    },
    Chat {
        at: at(3, 9, 20),
        between: ["sam", "bianca"],
        lines: &[
            (
                0,
                "bianca",
                "Sam!! I was serious about the studio 😊 14 m², and the landlord has NO sense of humour, so he cannot steal your jokes",
            ),
            (6, "sam", "That is honestly the best listing I have ever read."),
            (7, "bianca", "So you come and see it??"),
            (15, "sam", "Does the window open?"),
            (16, "bianca", "It is more of a feature."),
            (18, "sam", "I am writing that down. Not for the flat."),
        ],
        read_by: &["bianca"],
    },
    Chat {
        at: at(3, 21, 10),
        between: ["maya", "amira"],
        lines: &[
            (0, "maya", "Is it too late to come? I have an hour before the shift."),
            (1, "amira", "Saturn is two hours from setting. You have one. Run."),
            (2, "maya", "I am a runner. Which stairs?"),
            (
                3,
                "amira",
                "The steep ones. There is a queue of eleven, but I tell them that you are medical staff.",
            ),
            (4, "maya", "That is misuse"),
            (5, "amira", "It is triage 🪐"),
        ],
        read_by: &["maya"],
    },
    Chat {
        at: at(2, 12, 30),
        between: ["ines", "dima"],
        lines: &[
            (0, "ines", "You saw nothing."),
            (1, "dima", "Я ничего не видел."),
            (2, "ines", "How many frames of the nothing did you take?"),
            (4, "dima", "Four. In one you hold the cable in your teeth. It is a very strong picture."),
            (5, "ines", "Quanto?"),
            (6, "dima", "A seat on the boat for the rest of the survey."),
            (7, "ines", "That is blackmail"),
            (8, "dima", "That is a residency."),
            (9, "ines", "…leva casaco. Depois do passeio, às seis."),
        ],
        read_by: &["dima"],
    },
    Chat {
        at: at(2, 23, 40),
        between: ["zoe", "sam"],
        lines: &[
            (
                0,
                "sam",
                "I do not know anything about music, but there was a bit where the whole row of you leaned the same way and I forgot my rent",
            ),
            (3, "zoe", "That is the nicest thing that you ever said without a punchline."),
            (4, "sam", "The punchline is that it came back at the tram stop"),
            (5, "zoe", "There he is."),
            (6, "sam", "Are you coming on the walk?"),
            (8, "zoe", "I sleep until noon and then I hang up my cat."),
            (9, "sam", "It is me. I am the cat."),
            (10, "zoe", "He does not talk either. It is an improvement 🐱"),
        ],
        read_by: &["sam"],
    },
    Chat {
        at: at(1, 20, 45),
        between: ["arjun", "amira"],
        lines: &[
            (0, "arjun", "Update from the blister: stable. How is the sky?"),
            (8, "amira", "Clouds. I am reducing data, which is the polite word for crying at a laptop."),
            (9, "arjun", "What is wrong with it"),
            (11, "amira", "It takes nine hours and then it runs out of memory."),
            (12, "arjun", "Do you read the whole cube before you cut it?"),
            (13, "amira", "…is there another way?"),
            (14, "arjun", "There is always another way. Send me the script. I make coffee, you make stars."),
            (19, "amira", "Sent. Please do not laugh at the variable names."),
            (24, "arjun", "'final_final_2' is a classic. I am proud of you."),
        ],
        read_by: &[],
    },
    Chat {
        at: at(1, 21, 15),
        between: ["lena", "maya"],
        lines: &[
            (0, "lena", "Your phone is not off."),
            (1, "maya", "It is off now."),
            (2, "lena", "That was a message."),
            (3, "maya", "From the tablet. What is it?"),
            (
                4,
                "lena",
                "The pole is found! It was on the bus, the driver has it, he calls it 'the blue one with the sad story'.",
            ),
            (
                6,
                "lena",
                "Next month the Serra da Estrela? Two days, a hut, real stars for Amira. I would need somebody who can count to eleven when people get lost.",
            ),
            (7, "lena", "Sleep on it. Gute Nacht 🌙"),
        ],
        read_by: &[],
    },
];
