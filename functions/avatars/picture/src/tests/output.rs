//! What comes out: three upright squares without metadata.

use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, LumaA, Rgb, RgbImage, Rgba,
    RgbaImage, load_from_memory_with_format,
};
use moxcms::ColorProfile;

use super::samples::{
    ALL_TYPES, BLUE, GREEN, LOSSY_WEBP, RED, YELLOW, encoded, exif, first_chunk, quadrants, riff, sample,
    with_exif, with_segment,
};
use crate::{PictureType, Squares, squares};

fn each(squares: &Squares) -> [(&[u8], u32); 3] {
    [(&squares.small, 64), (&squares.medium, 256), (&squares.large, 512)]
}

fn decoded(jpeg: &[u8]) -> RgbImage {
    load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
}

/// The colour in the middle of the largest square.
fn middle(bytes: &[u8], picture_type: PictureType) -> [u8; 3] {
    decoded(&squares(bytes, picture_type).unwrap().large).get_pixel(256, 256).0
}

fn assert_like(actual: [u8; 3], expected: [u8; 3], what: &str) {
    let is_like = actual.iter().zip(expected).all(|(a, e)| a.abs_diff(e) < 12);
    assert!(is_like, "{actual:?} instead of {expected:?}: {what}");
}

#[test]
fn every_orientation_is_turned_upright_in_every_format() {
    // Where the stored quadrants are seen: top left, top right, bottom left, bottom right.
    let seen = [
        [RED, GREEN, BLUE, YELLOW],
        [GREEN, RED, YELLOW, BLUE],
        [YELLOW, BLUE, GREEN, RED],
        [BLUE, YELLOW, RED, GREEN],
        [RED, BLUE, GREEN, YELLOW],
        [BLUE, RED, YELLOW, GREEN],
        [YELLOW, GREEN, BLUE, RED],
        [GREEN, YELLOW, RED, BLUE],
    ];
    for picture_type in ALL_TYPES {
        for (expected, orientation) in seen.into_iter().zip(1..) {
            let bytes = with_exif(&sample(picture_type), picture_type, orientation);
            for (jpeg, side) in each(&squares(&bytes, picture_type).unwrap()) {
                let pixels = decoded(jpeg);
                let (near, far) = (side / 4, side * 3 / 4);
                let quarters = [(near, near), (far, near), (near, far), (far, far)];
                for ((x, y), expected) in quarters.into_iter().zip(expected) {
                    let what = format!("{picture_type:?} {orientation}, ({x}, {y}) of {side}");
                    assert_like(pixels.get_pixel(x, y).0, expected, &what);
                }
            }
        }
    }
}

#[test]
fn exif_behind_the_pixels_of_a_png_counts_too() {
    let still = sample(PictureType::Png);
    let before = with_exif(&still, PictureType::Png, 3);
    let (pixels, end) = still.split_at(still.len() - 12);
    let exif = &before[33..before.len() - (still.len() - 33)];
    let behind = [pixels, exif, end].concat();
    let upright = |bytes| decoded(&squares(bytes, PictureType::Png).unwrap().small).get_pixel(10, 10).0;
    assert_like(upright(&behind), YELLOW, "turned by half");
}

#[test]
fn exif_with_a_prefix_in_a_webp_counts_too() {
    let prefixed = [b"Exif\0\0", &exif(3)[..]].concat();
    let pixels = sample(PictureType::Webp);
    let canvas = [0x08, 0, 0, 0, 23, 0, 0, 15, 0, 0];
    let webp = riff(&[(*b"VP8X", &canvas), (*b"VP8L", first_chunk(&pixels)), (*b"EXIF", &prefixed)]);
    let small = squares(&webp, PictureType::Webp).unwrap().small;
    assert_like(decoded(&small).get_pixel(10, 10).0, YELLOW, "turned by half");
}

#[test]
fn no_metadata_comes_out() {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_icc_profile(ColorProfile::new_display_p3().encode().unwrap()).unwrap();
    quadrants(24, 16).write_with_encoder(encoder).unwrap();
    let bytes = with_segment(&with_exif(&bytes, PictureType::Jpeg, 1), 0xfe, b"a comment");
    let contains = |jpeg: &[u8], text: &str| jpeg.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    let hidden = ["Exif", "GPS", "ICC_PROFILE", "comment"];
    assert!(hidden.iter().all(|text| contains(&bytes, text)));
    for (jpeg, side) in each(&squares(&bytes, PictureType::Jpeg).unwrap()) {
        assert!(!hidden.iter().any(|text| contains(jpeg, text)), "{side}");
        let reader = ImageReader::with_format(std::io::Cursor::new(jpeg), ImageFormat::Jpeg);
        let mut decoder = reader.into_decoder().unwrap();
        assert_eq!(decoder.icc_profile().unwrap(), None);
        assert_eq!(decoder.exif_metadata().unwrap(), None);
    }
}

#[test]
fn any_proportions_make_squares_of_the_exact_sizes() {
    for (width, height) in [(1, 1), (1, 4096), (4096, 1), (3, 2), (511, 513), (512, 512), (700, 900)] {
        let bytes = encoded(&quadrants(width, height), PictureType::Png);
        for (jpeg, side) in each(&squares(&bytes, PictureType::Png).unwrap()) {
            assert_eq!(decoded(jpeg).dimensions(), (side, side), "{width} x {height}");
        }
    }
}

#[test]
fn the_square_is_the_middle() {
    let wide = RgbImage::from_fn(90, 30, |x, _| Rgb(if (30..60).contains(&x) { BLUE } else { RED }));
    let jpegs = squares(&encoded(&wide.into(), PictureType::Png), PictureType::Png).unwrap();
    for (x, y) in [(2, 2), (509, 2), (256, 256), (2, 509), (509, 509)] {
        assert_like(decoded(&jpegs.large).get_pixel(x, y).0, BLUE, &format!("({x}, {y})"));
    }
}

#[test]
fn what_is_transparent_is_white() {
    for picture_type in [PictureType::Png, PictureType::Webp] {
        let clear = RgbaImage::from_pixel(9, 9, Rgba([200, 0, 0, 0]));
        assert_like(middle(&encoded(&clear.into(), picture_type), picture_type), [255; 3], "clear");
        let half = RgbaImage::from_pixel(9, 9, Rgba([200, 0, 0, 128]));
        assert_like(middle(&encoded(&half.into(), picture_type), picture_type), [227, 127, 127], "half");
    }
}

#[test]
fn grey_and_16_bit_pictures_keep_their_look() {
    let red = DynamicImage::from(RgbImage::from_pixel(9, 9, Rgb(RED)));
    let deep: [DynamicImage; 2] = [red.to_rgb16().into(), red.to_rgba16().into()];
    for picture in deep {
        assert_like(middle(&encoded(&picture, PictureType::Png), PictureType::Png), RED, "16 bit");
    }
    let grey = DynamicImage::from(RgbImage::from_pixel(9, 9, Rgb([90; 3])));
    let greys: [DynamicImage; 3] =
        [grey.to_luma8().into(), grey.to_luma16().into(), grey.to_luma_alpha16().into()];
    for picture in greys {
        assert_like(middle(&encoded(&picture, PictureType::Png), PictureType::Png), [90; 3], "grey");
    }
    let jpeg = encoded(&grey.to_luma8().into(), PictureType::Jpeg);
    assert_like(middle(&jpeg, PictureType::Jpeg), [90; 3], "grey JPEG");
    let clear = image::ImageBuffer::from_pixel(9, 9, LumaA([0_u8, 0]));
    assert_like(middle(&encoded(&clear.into(), PictureType::Png), PictureType::Png), [255; 3], "clear grey");
}

#[test]
fn a_lossy_webp_is_a_picture() {
    assert!(squares(LOSSY_WEBP, PictureType::Webp).is_ok());
}

#[test]
fn colours_of_a_wider_space_become_srgb_and_a_broken_profile_is_ignored() {
    let picture = DynamicImage::from(RgbImage::from_pixel(9, 9, Rgb([200, 100, 100])));
    let with_profile = |profile: Vec<u8>| {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
        encoder.set_icc_profile(profile).unwrap();
        picture.write_with_encoder(encoder).unwrap();
        middle(&bytes, PictureType::Jpeg)
    };
    // CSS Color 4: color(display-p3 0.784 0.392 0.392) is about rgb(214 93 97).
    let display_p3 = with_profile(ColorProfile::new_display_p3().encode().unwrap());
    assert!(display_p3[0] > 208 && display_p3[1] < 97, "{display_p3:?}");
    assert_like(with_profile(ColorProfile::new_srgb().encode().unwrap()), [200, 100, 100], "sRGB");
    assert_like(with_profile(b"no profile at all".to_vec()), [200, 100, 100], "broken");
    assert_like(
        with_profile(ColorProfile::new_gray_with_gamma(2.2).encode().unwrap()),
        [200, 100, 100],
        "grey",
    );
}

#[test]
fn a_photo_of_12_megapixels_is_made_in_time_that_is_printed() {
    let photo = encoded(&quadrants(4032, 3024), PictureType::Jpeg);
    let start = Instant::now();
    squares(&photo, PictureType::Jpeg).unwrap();
    eprintln!("{} KB of 4032 x 3024 pixels took {:?}", photo.len() / 1000, start.elapsed());
}
