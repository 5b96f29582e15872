//! A picture made into squares: decoded, cropped, shrunk, turned, and encoded anew.
//!
//! It is shrunk to the largest square as soon as possible: everything behind works on that.

use std::error::Error;
use std::io::Cursor;

use bytes::Bytes;
use fast_image_resize::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::inspect::Picture;
use super::{MAX_SIDE, PictureType, Squares, Unusable};

const SMALL: u32 = 64;
const MEDIUM: u32 = 256;
const LARGE: u32 = 512;

/// Of 100. Above, the files grow faster than anybody sees.
const JPEG_QUALITY: u8 = 85;

/// The most bytes of decoded pixels: four channels of 16 bits on the largest area, 128 MiB.
const MAX_PIXEL_BYTES: u64 = MAX_SIDE as u64 * MAX_SIDE as u64 * 8;

/// The most bytes that a PNG's chunks beside its pixels may take, inflated: 32 MiB. A profile or
/// a text of some kilobytes could otherwise inflate to a thousand times as much.
const MAX_METADATA_BYTES: u64 = 32 << 20;

/// The most bytes of a colour profile that is honoured. Those of cameras and screens have
/// between 500 bytes and some 10 KB, those with tables up to half a megabyte.
const MAX_PROFILE_BYTES: usize = 1 << 20;

/// The squares of the picture.
pub(super) fn render(picture: &Picture<'_>) -> Result<Squares, Unusable> {
    let (pixels, profile) = decode(picture)?;
    let square = resize(&over_white(pixels), LARGE)?;
    let square = profile.and_then(|profile| to_srgb(&square, &profile)).unwrap_or(square);
    let mut square = DynamicImage::from(square);
    square.apply_orientation(orientation(picture));
    let large = square.into_rgb8();
    Ok(Squares {
        small: encode(&resize(&large, SMALL)?)?,
        medium: encode(&resize(&large, MEDIUM)?)?,
        large: encode(&large)?,
    })
}

/// The pixels, and the colour profile if there is one.
pub(super) fn decode(picture: &Picture<'_>) -> Result<(DynamicImage, Option<Vec<u8>>), Unusable> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    // To the decoder for PNG this limits everything but the pixels; the others ignore it.
    limits.max_alloc = Some(MAX_METADATA_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(picture.bytes), format(picture.kind));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| unusable(&error))?;
    if decoder.total_bytes() > MAX_PIXEL_BYTES {
        return Err(Unusable::TooLarge);
    }
    // A broken profile is no reason to refuse the picture.
    let profile = decoder.icc_profile().unwrap_or_default();
    let pixels = DynamicImage::from_decoder(decoder).map_err(|error| unusable(&error))?;
    Ok((pixels, profile))
}

fn format(picture_type: PictureType) -> ImageFormat {
    match picture_type {
        PictureType::Png => ImageFormat::Png,
        PictureType::Jpeg => ImageFormat::Jpeg,
        PictureType::Webp => ImageFormat::WebP,
    }
}

fn unusable(error: &ImageError) -> Unusable {
    match error {
        ImageError::Limits(_) => Unusable::TooLarge,
        _ => Unusable::Damaged,
    }
}

/// The picture with 8 bits a channel, laid over white where it is transparent.
///
/// White, since that is what somebody who cuts out a face expects, and JPEG knows no transparency.
fn over_white(pixels: DynamicImage) -> RgbImage {
    if !pixels.color().has_alpha() {
        return pixels.into_rgb8();
    }
    let pixels = pixels.into_rgba8();
    let mut opaque = RgbImage::new(pixels.width(), pixels.height());
    let (opaque_pixels, _) = opaque.as_chunks_mut();
    let (pixels, _) = pixels.as_chunks();
    for (opaque, &[red, green, blue, alpha]) in opaque_pixels.iter_mut().zip(pixels) {
        *opaque = [red, green, blue].map(|channel| channel_over_white(channel, alpha));
    }
    opaque
}

fn channel_over_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha, white) = (u16::from(channel), u16::from(alpha), u16::from(u8::MAX));
    let rounded = (channel * alpha + white * (white - alpha) + white / 2) / white;
    u8::try_from(rounded).unwrap_or(u8::MAX)
}

/// The square in the middle, with sides of this many pixels.
fn resize(pixels: &RgbImage, side: u32) -> Result<RgbImage, Unusable> {
    let mut square = RgbImage::new(side, side);
    resize_into(&mut square, pixels).map_err(|_| Unusable::Damaged)?;
    Ok(square)
}

/// Fails only for buffers that do not fit their sizes.
///
/// The pixel's type is named, since the function that finds it out is compiled for every one of
/// them, which takes minutes. The source is cut to the square by a view, as the option to crop
/// lets the pixels beyond the edge count, and by whole pixels, as an odd difference would
/// otherwise blur a picture that keeps its size.
fn resize_into(square: &mut RgbImage, pixels: &RgbImage) -> Result<(), Box<dyn Error>> {
    let (width, height) = pixels.dimensions();
    let cut = width.min(height);
    let source = TypedImageRef::<U8x3>::from_buffer(width, height, pixels)?;
    let source = TypedCroppedImage::from_ref(&source, (width - cut) / 2, (height - cut) / 2, cut, cut)?;
    let (side, _) = square.dimensions();
    let mut target = TypedImage::<U8x3>::from_buffer(side, side, square)?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize_typed(&source, &mut target, &options)?;
    Ok(())
}

/// The colours in sRGB, which everybody assumes of a picture that states nothing: an iPhone's
/// photos are in Display P3, and would look pale. None if the profile cannot be used; one for
/// CMYK or grey cannot, since the decoder has made RGB of those.
fn to_srgb(pixels: &RgbImage, profile: &[u8]) -> Option<RgbImage> {
    if profile.len() > MAX_PROFILE_BYTES {
        return None;
    }
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    if profile.color_space != DataColorSpace::Rgb {
        return None;
    }
    let srgb = ColorProfile::new_srgb();
    let transform =
        profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
    let mut converted = RgbImage::new(pixels.width(), pixels.height());
    transform.transform(pixels, &mut converted).ok()?;
    Some(converted)
}

/// How the camera was held.
fn orientation(picture: &Picture<'_>) -> Orientation {
    picture.exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// A JPEG of the pixels, with a JFIF header and no other metadata.
fn encode(pixels: &RgbImage) -> Result<Bytes, Unusable> {
    let mut jpeg = Vec::new();
    // Into memory this does not fail.
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY);
    pixels.write_with_encoder(encoder).map_err(|_| Unusable::Damaged)?;
    Ok(jpeg.into())
}
