//! WebP: a RIFF file, a list of chunks (RFC 9649).

use super::{Picture, PictureType, Unusable, check_size};

/// The flag of `VP8X` that says there are frames (RFC 9649, section 2.7.1).
const ANIMATION: u8 = 0b0000_0010;

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

/// Walks over the chunks, which must fill the length that the RIFF header states, as the file
/// must, a byte of padding aside.
pub(super) fn walk(bytes: &[u8]) -> Result<Picture<'_>, Unusable> {
    let (riff, behind) = riff(bytes).ok_or(Unusable::Damaged)?;
    if behind.len() > 1 {
        return Err(Unusable::NotOnlyAPicture);
    }
    let mut rest = riff.strip_prefix(b"WEBP").ok_or(Unusable::Damaged)?;
    let mut exif = None;
    while !rest.is_empty() {
        let (chunk, behind) = next_chunk(rest).ok_or(Unusable::Damaged)?;
        match &chunk.kind {
            b"ANIM" | b"ANMF" => return Err(Unusable::Animated),
            b"VP8X" if chunk.data.first().is_some_and(|flags| flags & ANIMATION != 0) => {
                return Err(Unusable::Animated);
            }
            b"VP8X" | b"VP8L" | b"VP8 " => {
                let (width, height) = size(&chunk).ok_or(Unusable::Damaged)?;
                check_size(width, height)?;
            }
            b"EXIF" => exif = exif.or(Some(chunk.data.strip_prefix(b"Exif\0\0").unwrap_or(chunk.data))),
            _ => {}
        }
        rest = behind;
    }
    let bytes = &bytes[..bytes.len() - behind.len()];
    Ok(Picture { kind: PictureType::Webp, bytes, exif })
}

/// What is in the RIFF file, and what is behind that.
fn riff(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.strip_prefix(b"RIFF")?.split_first_chunk()?;
    split_at(rest, length)
}

/// The next chunk and what is behind it and its padding, unless the file ends before it does.
fn next_chunk(rest: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (&kind, rest) = rest.split_first_chunk()?;
    let (&length, rest) = rest.split_first_chunk()?;
    let (data, rest) = split_at(rest, length)?;
    // A chunk of odd length is padded, which some writers forget for the last.
    let rest = if data.len() % 2 == 1 { rest.get(1..).unwrap_or_default() } else { rest };
    Some((Chunk { kind, data }, rest))
}

fn split_at(bytes: &[u8], length: [u8; 4]) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(usize::try_from(u32::from_le_bytes(length)).ok()?)
}

/// The width and height that a chunk states: `VP8X` for the canvas, the others for the pixels.
///
/// All are looked at, since the decoder for `VP8 ` allocates what its own header says before
/// anybody compares that with the canvas.
fn size(chunk: &Chunk<'_>) -> Option<(u32, u32)> {
    match (&chunk.kind, chunk.data) {
        // Four bytes of flags, then both sides less one, of 24 bits each (RFC 9649, section 2.7.1).
        (b"VP8X", [_, _, _, _, sides @ ..]) => {
            let (width, rest) = sides.split_first_chunk()?;
            let side = |&[a, b, c]: &[u8; 3]| u32::from_le_bytes([a, b, c, 0]) + 1;
            Some((side(width), side(rest.first_chunk()?)))
        }
        // A signature, then both sides less one, of 14 bits each (RFC 9649, section 3.4).
        (b"VP8L", [0x2f, a, b, c, d, ..]) => {
            let bits = u32::from_le_bytes([*a, *b, *c, *d]);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        // A frame tag, a start code, then both sides, of 14 bits each below two of scaling
        // (RFC 6386, section 9.1).
        (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d, ..]) => {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            Some((side(*a, *b), side(*c, *d)))
        }
        _ => None,
    }
}
