//! PNG: a list of chunks (<https://www.w3.org/TR/png-3/>).

use super::{Picture, PictureType, Unusable, check_size};

pub(super) const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

/// Walks over the chunks up to `IEND`, which must be there and end the file.
///
/// The order of the chunks and their checksums are for the decoder to check.
pub(super) fn walk(bytes: &[u8]) -> Result<Picture<'_>, Unusable> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(Unusable::Damaged)?;
    let mut exif = None;
    loop {
        let (chunk, behind) = next_chunk(rest).ok_or(Unusable::Damaged)?;
        match &chunk.kind {
            b"IHDR" => {
                let (width, rest) = chunk.data.split_first_chunk().ok_or(Unusable::Damaged)?;
                let height = rest.first_chunk().ok_or(Unusable::Damaged)?;
                check_size(u32::from_be_bytes(*width), u32::from_be_bytes(*height))?;
            }
            b"acTL" | b"fcTL" | b"fdAT" => return Err(Unusable::Animated),
            b"eXIf" => exif = exif.or(Some(chunk.data)),
            b"IEND" if behind.is_empty() => {
                return Ok(Picture { kind: PictureType::Png, bytes, exif });
            }
            b"IEND" => return Err(Unusable::NotOnlyAPicture),
            _ => {}
        }
        rest = behind;
    }
}

/// The next chunk and what is behind it, unless the file ends before the chunk does.
fn next_chunk(rest: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (length, rest) = rest.split_first_chunk()?;
    let (&kind, rest) = rest.split_first_chunk()?;
    let (data, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (_checksum, rest) = rest.split_first_chunk::<4>()?;
    Some((Chunk { kind, data }, rest))
}
