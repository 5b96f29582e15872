//! Pictures to upload, made as cameras make them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, Rgb, RgbImage};

/// What GPS says in [`photo`]'s metadata: nowhere else in a picture.
pub(crate) const LATITUDE_MARK: [u8; 8] = [48, 51, 0x47, 0x50, 0x53, 0x21, 7, 9];

/// The corners of a [`photo`] that is seen upright, from left to right and from top to bottom.
pub(crate) const CORNERS: [Rgb<u8>; 4] =
    [Rgb([220, 20, 20]), Rgb([20, 200, 20]), Rgb([20, 20, 220]), Rgb([230, 230, 20])];

/// A JPEG as a phone makes it that is held upright: the sensor's rows are the picture's columns,
/// and metadata say how to turn it (orientation 6, "rotate 90 degrees clockwise"), and where it
/// was taken.
pub(crate) fn photo(width: u32, height: u32) -> Vec<u8> {
    // Turned clockwise, the left column becomes the top row.
    let upright = |x: u32, y: u32| CORNERS[usize::from(x * 2 >= width) + 2 * usize::from(y * 2 >= height)];
    let stored = RgbImage::from_fn(height, width, |x, y| upright(width - 1 - y, x));
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode_image(&stored).unwrap();
    let exif = exif();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xFF, 0xE1][..], &length, &exif].concat();
    [&jpeg[..2], &segment, &jpeg[2..]].concat()
}

/// A PNG of one colour.
pub(crate) fn png(color: [u8; 3], size: u32) -> Vec<u8> {
    let mut png = Vec::new();
    let image = RgbImage::from_pixel(size, size, Rgb(color));
    image.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    png
}

/// The corners of a picture that was made square, and how many pixels wide and high it is.
pub(crate) fn corners(jpeg: &[u8]) -> ([Rgb<u8>; 4], (u32, u32)) {
    let image = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().to_rgb8();
    let (width, height) = image.dimensions();
    let (near, right, low) = (width / 8, width - 1 - width / 8, height - 1 - height / 8);
    let at = |x, y| *image.get_pixel(x, y);
    ([at(near, near), at(right, near), at(near, low), at(right, low)], (width, height))
}

/// Whether two colours are the same to the eye.
pub(crate) fn alike(one: Rgb<u8>, other: Rgb<u8>) -> bool {
    one.0.iter().zip(other.0).all(|(a, b)| a.abs_diff(b) < 24)
}

/// Exif with an orientation and a place, little-endian TIFF (CIPA DC-008).
fn exif() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    let (ifd, gps, latitude) = (8_u32, 8 + 2 + 2 * 12 + 4, 8 + 2 + 2 * 12 + 4 + 2 + 2 * 12 + 4);
    [
        b"Exif\0\0II\x2a\0".to_vec(),
        ifd.to_le_bytes().to_vec(),
        2_u16.to_le_bytes().to_vec(),
        entry(0x0112, 3, 1, [6, 0, 0, 0]),
        entry(0x8825, 4, 1, u32::to_le_bytes(gps)),
        vec![0; 4],
        2_u16.to_le_bytes().to_vec(),
        entry(1, 2, 2, [b'N', 0, 0, 0]),
        entry(2, 5, 1, u32::to_le_bytes(latitude)),
        vec![0; 4],
        LATITUDE_MARK.to_vec(),
    ]
    .concat()
}
