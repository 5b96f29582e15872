//! JPEG: segments and scans between markers (ITU-T T.81, annex B).

use memchr::{memchr, memmem};

use super::{Picture, PictureType, Unusable, check_size};

pub(super) const MAGIC: &[u8] = b"\xff\xd8\xff";

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const APP1: u8 = 0xe1;

/// The most scans. Encoders write some ten, but a progressive picture may have any number, and
/// each goes over all pixels, for a few bytes of file: a known denial of service
/// (<https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf>).
const MAX_SCANS: usize = 100;

/// The most segments: 65 MB of them if they are full. At each of extended XMP the decoder goes
/// over all before it, so that 60,000 small ones, in 5 MB, keep it busy for some 10 s.
const MAX_SEGMENTS: usize = 1000;

/// Walks over the segments and scans up to the end of the image, which must be there: the
/// decoder would fill up a picture that is cut off with grey.
pub(super) fn walk(bytes: &[u8]) -> Result<Picture<'_>, Unusable> {
    let mut rest = bytes.strip_prefix(&[0xff, START_OF_IMAGE]).ok_or(Unusable::Damaged)?;
    let mut exif = None;
    let mut segments = 0;
    let mut scans = 0;
    loop {
        let (marker, behind) = next_marker(rest).ok_or(Unusable::Damaged)?;
        if marker == END_OF_IMAGE {
            rest = behind;
            break;
        }
        let (segment, behind) = next_segment(behind).ok_or(Unusable::Damaged)?;
        rest = behind;
        segments += 1;
        match marker {
            // Stuffing, `TEM`, the restarts and the start of an image have no place here.
            0x00 | 0x01 | 0xd0..=START_OF_IMAGE => return Err(Unusable::Damaged),
            // Among the starts of frames are tables (DHT, DAC) and one that is reserved (JPG).
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => check_frame(segment)?,
            APP1 => exif = exif.or(segment.strip_prefix(b"Exif\0\0")),
            START_OF_SCAN => {
                scans += 1;
                rest = behind_scan(rest).ok_or(Unusable::Damaged)?;
            }
            _ => {}
        }
        if scans > MAX_SCANS || segments > MAX_SEGMENTS {
            return Err(Unusable::Damaged);
        }
    }
    if !is_of_a_camera(rest) {
        return Err(Unusable::NotOnlyAPicture);
    }
    let bytes = &bytes[..bytes.len() - rest.len()];
    Ok(Picture { kind: PictureType::Jpeg, bytes, exif })
}

/// The marker that must be next, and what is behind it. Any number of 0xFF may fill up before.
fn next_marker(rest: &[u8]) -> Option<(u8, &[u8])> {
    let rest = rest.strip_prefix(&[0xff])?;
    let fill = rest.iter().position(|&byte| byte != 0xff)?;
    rest[fill..].split_first().map(|(&marker, rest)| (marker, rest))
}

/// What is in the segment and what is behind it. Its length counts itself.
fn next_segment(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = rest.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)).checked_sub(2)?)
}

/// A frame states its precision, then its height and width.
fn check_frame(segment: &[u8]) -> Result<(), Unusable> {
    let [_, a, b, c, d, ..] = *segment else { return Err(Unusable::Damaged) };
    check_size(u16::from_be_bytes([c, d]), u16::from_be_bytes([a, b]))
}

/// What is behind the entropy-coded data of a scan: from the first marker on that is no restart.
/// A 0xFF of the data itself is followed by a zero.
fn behind_scan(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = &rest[memchr(0xff, rest)?..];
        match next_marker(rest)? {
            (0x00 | 0xd0..=0xd7, behind) => rest = behind,
            _ => return Some(rest),
        }
    }
}

/// Whether this is what cameras append to a picture, and no archive: those are read from their
/// end, whatever is in front.
fn is_of_a_camera(tail: &[u8]) -> bool {
    const END_OF_ZIP: &[u8] = b"PK\x05\x06";
    // That record's 22 bytes and the longest comment behind it (APPNOTE.TXT, section 4.3.16):
    // further in front nobody looks, and a film may have these four bytes by chance.
    const END_OF_ZIP_WITHIN: usize = 22 + 65_535;
    let is_padding = |byte: &u8| matches!(byte, 0x00 | 0xff) || byte.is_ascii_whitespace();
    let padding = tail.iter().position(|byte| !is_padding(byte)).unwrap_or(tail.len());
    // Another picture, such as the gain map of an HDR one: its first byte looks like padding.
    let is_picture = || tail[padding.saturating_sub(1)..].starts_with(MAGIC);
    // The film of a motion photo is an MP4 file, of which the first box is `ftyp` (ISO 14496-12).
    let is_film = || tail.get(4..8) == Some(b"ftyp");
    let is_of_samsung = || tail.ends_with(b"SEFT");
    let is_known = padding == tail.len() || is_picture() || is_film() || is_of_samsung();
    let end = &tail[tail.len().saturating_sub(END_OF_ZIP_WITHIN)..];
    is_known && memmem::find(end, END_OF_ZIP).is_none()
}
