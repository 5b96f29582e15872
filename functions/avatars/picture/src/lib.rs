//! An uploaded profile picture, which may be hostile, made into three square JPEGs.
//!
//! `inspect` reads the container and refuses what is not a picture and nothing else, before
//! any pixel is decoded. `render` decodes it, crops and turns it, and encodes the squares.

mod inspect;
mod render;
#[cfg(test)]
mod tests;

use shared::profiles::avatar::{PictureType, Squares, UnusablePicture as Unusable};

/// The most pixels a side may have: enough for the 4032 x 3024 of a phone's camera.
pub const MAX_SIDE: u32 = 4096;

/// The squares of a picture that was declared to be of this type: the middle of it, whatever
/// its proportions, and enlarged if it is small.
///
/// A photo of 12 megapixels takes some 0.2 s of a processor and 50 MiB, the worst that 4096 x 4096
/// pixels can be some 1 s and 200 MiB. How many bytes there may be is for the caller to limit.
///
/// # Errors
/// When the bytes are no picture that can be used, or more than a picture.
pub fn squares(bytes: &[u8], declared: PictureType) -> Result<Squares, Unusable> {
    let picture = inspect::inspect(bytes, declared)?;
    render::render(&picture)
}
