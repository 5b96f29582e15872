//! Whether a file is a picture and nothing else, told from its container: no pixel is decoded.
//!
//! What is shown to others is made anew from pixels, so that nothing a file hides gets past
//! [`render`](super::render). Refusing it here is not what protects: it is saying no to
//! somebody who tries, and not keeping what they sent.

mod jpeg;
mod png;
mod webp;

use memchr::{memchr_iter, memmem};

use super::{MAX_SIDE, PictureType, Unusable};

/// A file that is only a picture, as far as its container tells.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    pub(super) kind: PictureType,
    /// The file without what its camera appended, of which no decoder needs to know.
    pub(super) bytes: &'a [u8],
    /// The Exif data from its TIFF header on. The decoders find it as well, but in PNG not
    /// behind the pixels, and in WebP not behind the prefix that some programs write.
    pub(super) exif: Option<&'a [u8]>,
}

/// Markup that a browser or a server may be made to run. By chance, `<?php` is in one of some
/// 30,000 files of 5 MB of compressed pixels, the others practically never.
const MARKUP: [&[u8]; 3] = [b"<script", b"<?php", b"<!doctype html"];

/// How far into a file PDF readers look for its header (PDF 1.7 reference, implementation note 13).
const PDF_HEADER_WITHIN: usize = 1024;

/// The picture, unless the file is none, is another than declared, is more than a picture, or
/// is broken in a way that its container shows.
pub(super) fn inspect(bytes: &[u8], declared: PictureType) -> Result<Picture<'_>, Unusable> {
    let actual = told_by_magic(bytes).ok_or(Unusable::NotAPicture)?;
    if actual != declared {
        return Err(Unusable::OtherType);
    }
    let picture = match actual {
        PictureType::Png => png::walk(bytes),
        PictureType::Jpeg => jpeg::walk(bytes),
        PictureType::Webp => webp::walk(bytes),
    }?;
    if has_markup(bytes) || has_pdf_header(bytes) {
        return Err(Unusable::NotOnlyAPicture);
    }
    Ok(picture)
}

/// The type by the first bytes, which is how browsers tell it
/// (<https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern>).
fn told_by_magic(bytes: &[u8]) -> Option<PictureType> {
    if bytes.starts_with(png::MAGIC) {
        Some(PictureType::Png)
    } else if bytes.starts_with(jpeg::MAGIC) {
        Some(PictureType::Jpeg)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(PictureType::Webp)
    } else {
        None
    }
}

/// Refuses a size before anybody allocates for it.
fn check_size(width: impl Into<u32>, height: impl Into<u32>) -> Result<(), Unusable> {
    match (width.into(), height.into()) {
        (0, _) | (_, 0) => Err(Unusable::Damaged),
        (1..=MAX_SIDE, 1..=MAX_SIDE) => Ok(()),
        _ => Err(Unusable::TooLarge),
    }
}

fn has_markup(bytes: &[u8]) -> bool {
    let starts_markup = |tag: &[u8]| {
        MARKUP.iter().any(|known| tag.get(..known.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(known)))
    };
    memchr_iter(b'<', bytes).any(|at| starts_markup(&bytes[at..]))
}

fn has_pdf_header(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(PDF_HEADER_WITHIN)];
    memmem::find(start, b"%PDF-").is_some()
}
