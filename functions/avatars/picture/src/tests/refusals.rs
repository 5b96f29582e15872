//! Every refusal, and what looks like one but is not.

use super::samples::{
    ALL_TYPES, LOSSY_WEBP, first_chunk, png_of_size, riff, sample, with_chunk, with_exif, with_segment,
};
use crate::{MAX_SIDE, PictureType, Unusable, squares};

fn refusal(bytes: &[u8], declared: PictureType) -> Option<Unusable> {
    squares(bytes, declared).err()
}

#[test]
fn what_begins_like_no_picture_is_none() {
    let others: [&[u8]; 6] =
        [b"", b"\xff", b"GIF89a", b"RIFF\x04\0\0\0WAVE", b"<svg/>", b" \x89PNG\r\n\x1a\n"];
    for bytes in others {
        assert_eq!(refusal(bytes, PictureType::Png), Some(Unusable::NotAPicture), "{bytes:?}");
    }
}

#[test]
fn the_content_must_be_of_the_declared_type() {
    for declared in ALL_TYPES {
        for actual in ALL_TYPES {
            let expected = (actual != declared).then_some(Unusable::OtherType);
            assert_eq!(refusal(&sample(actual), declared), expected, "{actual:?} as {declared:?}");
        }
    }
}

#[test]
fn a_side_of_more_than_4096_pixels_is_too_large_in_any_header() {
    for (width, height) in [(30_000, 30_000), (1, MAX_SIDE + 1), (u32::MAX, 1)] {
        assert_eq!(refusal(&png_of_size(width, height), PictureType::Png), Some(Unusable::TooLarge));
    }
    let mut jpeg = sample(PictureType::Jpeg);
    let frame = jpeg.windows(4).position(|bytes| bytes == b"\xff\xc0\0\x11").unwrap();
    jpeg[frame + 5] = 0x11;
    assert_eq!(refusal(&jpeg, PictureType::Jpeg), Some(Unusable::TooLarge));
    let canvas = [0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0];
    let lossless = [0x2f, 0xff, 0xff, 0xff, 0x0f];
    let lossy = [0, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f];
    let tiny_canvas = [0; 10];
    for chunks in [
        &[(*b"VP8X", &canvas[..])][..],
        &[(*b"VP8L", &lossless)],
        &[(*b"VP8 ", &lossy)],
        &[(*b"VP8X", &tiny_canvas), (*b"VP8 ", &lossy)],
    ] {
        assert_eq!(refusal(&riff(chunks), PictureType::Webp), Some(Unusable::TooLarge), "{chunks:?}");
    }
}

#[test]
fn a_size_of_nothing_is_damage() {
    assert_eq!(refusal(&png_of_size(0, 1), PictureType::Png), Some(Unusable::Damaged));
}

#[test]
fn metadata_of_more_than_32_mib_is_too_large() {
    let png = sample(PictureType::Png);
    let text = vec![b'x'; 40 << 20];
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    // It is refused before its checksum is looked at.
    let bytes = [&png[..33], &length, b"tEXt", &text, b"\0\0\0\0", &png[33..]].concat();
    assert_eq!(refusal(&bytes, PictureType::Png), Some(Unusable::TooLarge));
}

#[test]
fn animations_are_refused_even_with_one_frame() {
    let png = with_chunk(&sample(PictureType::Png), *b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(refusal(&png, PictureType::Png), Some(Unusable::Animated));

    let still = sample(PictureType::Webp);
    let image = riff(&[(*b"VP8L", first_chunk(&still))]);
    let frame = [&[0, 0, 0, 0, 0, 0, 23, 0, 0, 15, 0, 0, 100, 0, 0, 0], &image[12..]].concat();
    let canvas = |flags| [flags, 0, 0, 0, 23, 0, 0, 15, 0, 0];
    for flags in [0x02, 0x00] {
        let webp = riff(&[(*b"VP8X", &canvas(flags)), (*b"ANIM", &[0; 6]), (*b"ANMF", &frame)]);
        assert_eq!(refusal(&webp, PictureType::Webp), Some(Unusable::Animated));
    }
}

#[test]
fn a_picture_cut_off_anywhere_is_damaged() {
    for picture_type in ALL_TYPES {
        let whole = with_exif(&sample(picture_type), picture_type, 1);
        assert_eq!(refusal(&whole, picture_type), None);
        for length in 12..whole.len() {
            let refusal = refusal(&whole[..length], picture_type);
            assert_eq!(refusal, Some(Unusable::Damaged), "{picture_type:?} of {length} bytes");
        }
    }
}

#[test]
fn broken_pixels_in_a_whole_container_are_damaged() {
    let mut png = sample(PictureType::Png);
    let data = png.windows(4).position(|bytes| bytes == b"IDAT").unwrap();
    png[data + 10] ^= 0x55;
    assert_eq!(refusal(&png, PictureType::Png), Some(Unusable::Damaged));
    let webp = riff(&[(*b"VP8L", &first_chunk(&sample(PictureType::Webp))[..5])]);
    assert_eq!(refusal(&webp, PictureType::Webp), Some(Unusable::Damaged));
}

#[test]
fn a_jpeg_of_very_many_scans_or_segments_is_damaged() {
    let jpeg = sample(PictureType::Jpeg);
    let (picture, end) = jpeg.split_at(jpeg.len() - 2);
    let scan = b"\xff\xda\0\x08\x01\x01\x00\x01\x3f\x00\x2a";
    let scans = [picture, &scan.repeat(100), end].concat();
    assert_eq!(refusal(&scans, PictureType::Jpeg), Some(Unusable::Damaged));
    let segments = [&jpeg[..2], &b"\xff\xfe\0\x02".repeat(1001), &jpeg[2..]].concat();
    assert_eq!(refusal(&segments, PictureType::Jpeg), Some(Unusable::Damaged));
}

#[test]
fn what_follows_a_picture_is_refused() {
    let zip = b"PK\x03\x04some file PK\x05\x06\0\0";
    for picture_type in ALL_TYPES {
        for tail in [&b"MZ\x90\0"[..], b"\x7fELF", zip, b"\0\0\0PK\x05\x06"] {
            let bytes = [&sample(picture_type), tail].concat();
            assert_eq!(refusal(&bytes, picture_type), Some(Unusable::NotOnlyAPicture), "{tail:?}");
        }
    }
    let padded = [&sample(PictureType::Png), &b"\0"[..]].concat();
    assert_eq!(refusal(&padded, PictureType::Png), Some(Unusable::NotOnlyAPicture));
    let padded = [LOSSY_WEBP, b"\0"].concat();
    assert_eq!(refusal(&padded, PictureType::Webp), None);
}

#[test]
fn what_cameras_append_to_a_jpeg_is_fine_unless_it_is_an_archive() {
    let jpeg = sample(PictureType::Jpeg);
    let film = b"\0\0\0\x18ftypmp42 and the film";
    let tails: [&[u8]; 5] =
        [b"\0\xff \r\n", &jpeg, &[&[0; 9], &jpeg[..]].concat(), film, b"MotionPhoto_Data SEFT"];
    for tail in tails {
        assert_eq!(refusal(&[&jpeg, tail].concat(), PictureType::Jpeg), None, "{tail:?}");
        let archive = [&jpeg, tail, b"PK\x05\x06", tail].concat();
        assert_eq!(refusal(&archive, PictureType::Jpeg), Some(Unusable::NotOnlyAPicture), "{tail:?}");
    }
}

#[test]
fn markup_anywhere_is_refused_however_it_is_written() {
    for markup in ["<script>", "<ScRiPt src", "<?php echo", "<?PHP", "<!DOCTYPE html>", "<!doctype HTML"] {
        let jpeg = with_segment(&sample(PictureType::Jpeg), 0xfe, markup.as_bytes());
        assert_eq!(refusal(&jpeg, PictureType::Jpeg), Some(Unusable::NotOnlyAPicture), "{markup}");
        let png = with_chunk(&sample(PictureType::Png), *b"tEXt", format!("Comment\0{markup}").as_bytes());
        assert_eq!(refusal(&png, PictureType::Png), Some(Unusable::NotOnlyAPicture), "{markup}");
    }
    let xmp = "<?xpacket begin=''?><x:xmpmeta><scripture/></x:xmpmeta><?xpacket end='w'?>";
    let jpeg = with_segment(&sample(PictureType::Jpeg), 0xe1, xmp.replace("<scripture/>", "").as_bytes());
    assert_eq!(refusal(&jpeg, PictureType::Jpeg), None);
}

#[test]
fn a_pdf_header_is_refused_where_readers_look_for_it() {
    let with_pdf_behind = |bytes| {
        let comment = [&b" ".repeat(bytes)[..], b"%PDF-1.7"].concat();
        refusal(&with_segment(&sample(PictureType::Jpeg), 0xfe, &comment), PictureType::Jpeg)
    };
    assert_eq!(with_pdf_behind(0), Some(Unusable::NotOnlyAPicture));
    assert_eq!(with_pdf_behind(1024 - 5 - 6), Some(Unusable::NotOnlyAPicture));
    assert_eq!(with_pdf_behind(1024 - 5 - 5), None);
}
