//! Thousands of broken pictures, none of which may panic.

use super::samples::{ALL_TYPES, LOSSY_WEBP, sample, with_exif};
use crate::{PictureType, inspect, render, squares};

/// A xorshift generator (Marsaglia 2003): the same numbers in every run.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        usize::try_from(self.0).unwrap() % end
    }

    fn byte(&mut self) -> u8 {
        let telling = [0x00, 0x01, 0x7f, 0x80, 0xd8, 0xda, 0xff];
        match self.below(16) {
            at if at < telling.len() => telling[at],
            _ => u8::try_from(self.below(256)).unwrap(),
        }
    }

    /// The bytes with some changed, and in some cases a part left out, doubled, or cut off.
    fn mutate(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            bytes[at] = self.byte();
        }
        let (from, to) = (self.below(bytes.len()), self.below(bytes.len()));
        match self.below(12) {
            0 => bytes.truncate(from),
            1 if from < to => drop(bytes.drain(from..to)),
            2 if from < to => bytes.extend_from_within(from..to),
            _ => {}
        }
        bytes
    }
}

#[test]
fn no_mutation_of_a_picture_panics() {
    let mut originals = vec![(PictureType::Webp, LOSSY_WEBP.to_vec())];
    for picture_type in ALL_TYPES {
        originals.push((picture_type, with_exif(&sample(picture_type), picture_type, 6)));
    }
    let mut numbers = Numbers(0x6b69_7468);
    for (picture_type, original) in originals {
        for round in 0..1000 {
            let bytes = numbers.mutate(&original);
            // Not `squares`, which would turn a panic into a refusal. Resizing and encoding take
            // most of the time and are the same for all, so that few go through to the end.
            if round % 100 == 0 {
                let _ = squares(&bytes, picture_type);
            } else if let Ok(picture) = inspect::inspect(&bytes, picture_type) {
                let _ = render::decode(&picture);
            }
        }
    }
}
