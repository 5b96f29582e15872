//! Small pictures, with what cameras and attackers put around their pixels.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::PictureType;

pub(super) const RED: [u8; 3] = [220, 30, 30];
pub(super) const GREEN: [u8; 3] = [30, 200, 30];
pub(super) const BLUE: [u8; 3] = [30, 30, 220];
pub(super) const YELLOW: [u8; 3] = [220, 220, 30];

pub(super) const ALL_TYPES: [PictureType; 3] = [PictureType::Png, PictureType::Jpeg, PictureType::Webp];

/// The widely known smallest lossy WebP, of one pixel.
pub(super) const LOSSY_WEBP: &[u8] = b"RIFF\x22\0\0\0WEBPVP8 \x16\0\0\0\x30\x01\0\x9d\x01\x2a\x01\0\x01\0\
    \x0e\xc0\xfe\x25\xa4\0\x03\x70\0\0\0\0";

/// Red and green above blue and yellow.
pub(super) fn quadrants(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb(RED),
        (false, true) => Rgb(GREEN),
        (true, false) => Rgb(BLUE),
        (false, false) => Rgb(YELLOW),
    })
    .into()
}

pub(super) fn encoded(picture: &DynamicImage, picture_type: PictureType) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let format = match picture_type {
        PictureType::Png => ImageFormat::Png,
        PictureType::Jpeg => ImageFormat::Jpeg,
        PictureType::Webp => ImageFormat::WebP,
    };
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Some 24 x 16 pixels.
pub(super) fn sample(picture_type: PictureType) -> Vec<u8> {
    encoded(&quadrants(24, 16), picture_type)
}

/// The picture with Exif data: how the camera was held, and the datum of where it was.
pub(super) fn with_exif(bytes: &[u8], picture_type: PictureType, orientation: u8) -> Vec<u8> {
    let exif = exif(orientation);
    match picture_type {
        PictureType::Png => with_chunk(bytes, *b"eXIf", &exif),
        PictureType::Jpeg => with_segment(bytes, 0xe1, &[b"Exif\0\0", &exif[..]].concat()),
        PictureType::Webp => {
            let canvas = [0x08, 0, 0, 0, 23, 0, 0, 15, 0, 0];
            riff(&[(*b"VP8X", &canvas), (*b"VP8L", first_chunk(bytes)), (*b"EXIF", &exif)])
        }
    }
}

pub(super) fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    tiff.extend(b"\0\x02");
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    tiff.extend(b"\0\0\0\0");
    tiff.extend(b"\0\x01");
    tiff.extend([0x00, 0x12, 0, 2, 0, 0, 0, 11, 0, 0, 0, 56]);
    tiff.extend(b"\0\0\0\0GPS WGS-84\0");
    tiff
}

/// The JPEG with one more segment, as its first.
pub(super) fn with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, data, &jpeg[2..]].concat()
}

/// The PNG with one more chunk behind its header, which ends at 33.
pub(super) fn with_chunk(png: &[u8], kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    [&png[..33], &chunk(kind, data), &png[33..]].concat()
}

/// A PNG that claims a size.
pub(super) fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[16, 6, 0, 0, 0]].concat();
    let chunks = [chunk(*b"IHDR", &header), chunk(*b"IDAT", b""), chunk(*b"IEND", b"")];
    [b"\x89PNG\r\n\x1a\n", &chunks.concat()[..]].concat()
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let checked = [&kind[..], data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, &checked[..], &crc32(&checked).to_be_bytes()].concat()
}

/// The checksum of a chunk (PNG, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

/// A WebP of these chunks.
pub(super) fn riff(chunks: &[([u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, data) in chunks {
        body.extend(kind);
        body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        body.extend(*data);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes(), &body[..]].concat()
}

/// What is in the only chunk of a WebP.
pub(super) fn first_chunk(webp: &[u8]) -> &[u8] {
    let length = u32::from_le_bytes(webp[16..20].try_into().unwrap());
    &webp[20..][..usize::try_from(length).unwrap()]
}
