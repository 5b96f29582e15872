//! What somebody looks like, drawn.

use std::io::Cursor;

use image::{ImageError, ImageFormat, RgbImage};

use super::canvas::{Bounds, Canvas, Colour, SIDE, ellipse, mix};

/// What somebody looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// What is behind them, at the top and at the bottom.
    pub(super) sky: [Colour; 2],
    pub(super) skin: Colour,
    pub(super) hair: (Hair, Colour),
    pub(super) beard: Beard,
    pub(super) mouth: Mouth,
    /// What they wear.
    pub(super) clothes: Clothes,
    /// The colour of it, and of what is on it.
    pub(super) cloth: [Colour; 2],
    /// The colour of their glasses, if they have any.
    pub(super) glasses: Option<Colour>,
    /// The colour of their earrings, if they have any.
    pub(super) earrings: Option<Colour>,
}

/// How somebody has their hair, or what is on it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hair {
    Short,
    Parted,
    Long,
    Bob,
    Bun,
    Curls,
    Round,
    Shaved,
    Scarf,
    Cap,
}

/// What is around the mouth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beard {
    None,
    Stubble,
    Moustache,
    Full,
}

/// What the mouth does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mouth {
    Smiles,
    Laughs,
    Smirks,
}

/// What somebody wears.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clothes {
    Sweater,
    Shirt,
    Stripes,
    Apron,
}

const FACE: (f32, f32) = (0.5, 0.47);
const FACE_SIZE: (f32, f32) = (0.17, 0.21);
const EYES: [(f32, f32); 2] = [(0.43, 0.46), (0.57, 0.46)];
const MOUTH: (f32, f32) = (0.5, 0.565);
const INK: Colour = [44, 36, 40];
const WHITE: Colour = [250, 248, 244];

/// The portrait of somebody, as a PNG.
pub(super) fn draw(look: &Look) -> Result<Vec<u8>, ImageError> {
    let mut canvas = Canvas::shaded(look.sky[0], look.sky[1]);
    canvas.ellipse((0.5, 0.46), (0.38, 0.38), mix(look.sky[0], WHITE, 0.35));
    behind(&mut canvas, look);
    body(&mut canvas, look);
    face(&mut canvas, look);
    beard(&mut canvas, look);
    mouth(&mut canvas, look);
    hair(&mut canvas, look);
    glasses(&mut canvas, look);
    let side = u32::from(SIDE);
    let mut png = Vec::new();
    if let Some(image) = RgbImage::from_raw(side, side, canvas.into_pixels()) {
        image.write_to(&mut Cursor::new(&mut png), ImageFormat::Png)?;
    }
    Ok(png)
}

/// What of their hair is behind them.
fn behind(canvas: &mut Canvas, look: &Look) {
    let (hair, colour) = look.hair;
    match hair {
        Hair::Long => {
            canvas.ellipse((0.5, 0.42), (0.235, 0.235), colour);
            canvas.ellipse((0.5, 0.63), (0.225, 0.24), colour);
        }
        Hair::Bob => canvas.ellipse((0.5, 0.475), (0.235, 0.24), colour),
        Hair::Bun => canvas.ellipse((0.5, 0.2), (0.085, 0.08), colour),
        Hair::Round => canvas.ellipse((0.5, 0.4), (0.275, 0.265), colour),
        Hair::Scarf => {
            canvas.ellipse((0.5, 0.46), (0.225, 0.27), colour);
        }
        Hair::Short | Hair::Parted | Hair::Curls | Hair::Shaved | Hair::Cap => {}
    }
}

fn body(canvas: &mut Canvas, look: &Look) {
    let [cloth, on_it] = look.cloth;
    let (shoulders, size) = ((0.5, 1.08), (0.37, 0.36));
    let torso = move |x, y| ellipse((x, y), shoulders, size);
    canvas.ellipse(shoulders, size, cloth);
    let low = Bounds { top: 0.7, ..Bounds::ALL };
    match look.clothes {
        Clothes::Sweater => {
            canvas.ellipse((0.5, 0.735), (0.115, 0.06), on_it);
        }
        Clothes::Shirt => {
            canvas.line((0.5, 0.76), (0.5, 1.0), 0.008, on_it);
            for side in [-1.0, 1.0] {
                canvas.line((0.5 + 0.1 * side, 0.735), (0.5 + 0.015 * side, 0.82), 0.05, on_it);
            }
        }
        Clothes::Stripes => {
            canvas.fill(low, (on_it, 1.0), move |x, y| {
                let from_stripe = ((y - 0.72) % 0.07 - 0.035).abs() - 0.014;
                torso(x, y).max(from_stripe)
            });
        }
        Clothes::Apron => {
            canvas.fill(low, (on_it, 1.0), move |x, y| torso(x, y).max((x - 0.5).abs() - 0.17).max(0.86 - y));
            for side in [-1.0, 1.0] {
                canvas.line((0.5 + 0.15 * side, 0.88), (0.5 + 0.1 * side, 0.74), 0.03, on_it);
            }
        }
    }
    if !matches!(look.hair.0, Hair::Scarf) {
        canvas.line((0.5, 0.6), (0.5, 0.72), 0.145, mix(look.skin, INK, 0.16));
    }
}

fn face(canvas: &mut Canvas, look: &Look) {
    let shade = mix(look.skin, INK, 0.16);
    if !matches!(look.hair.0, Hair::Scarf) {
        for side in [-1.0, 1.0] {
            canvas.ellipse((0.5 + 0.17 * side, 0.48), (0.032, 0.045), shade);
            if let Some(colour) = look.earrings {
                canvas.ellipse((0.5 + 0.178 * side, 0.54), (0.015, 0.02), colour);
            }
        }
    }
    canvas.ellipse(FACE, FACE_SIZE, look.skin);
    for side in [-1.0, 1.0] {
        let cheek = (0.5 + 0.1 * side, 0.54);
        let blush = mix(look.skin, [224, 82, 82], 0.5);
        canvas.fill(Bounds::around(cheek, 0.05, 0.04), (blush, 0.45), |x, y| {
            ellipse((x, y), cheek, (0.038, 0.026))
        });
    }
    for (eye, side) in EYES.into_iter().zip([-1.0, 1.0]) {
        canvas.ellipse(eye, (0.03, 0.022), WHITE);
        canvas.ellipse(eye, (0.017, 0.02), INK);
        canvas.ellipse((eye.0 + 0.005, eye.1 - 0.007), (0.005, 0.005), WHITE);
        let brow = if matches!(look.hair.0, Hair::Shaved | Hair::Scarf | Hair::Cap) {
            INK
        } else {
            mix(look.hair.1, INK, 0.45)
        };
        // The inner end is the higher one, which looks friendly.
        let (left, right) = (eye.1 - 0.046 - 0.005 * side, eye.1 - 0.046 + 0.005 * side);
        canvas.line((eye.0 - 0.033, left), (eye.0 + 0.033, right), 0.013, brow);
    }
    canvas.line((0.5, 0.475), (0.507, 0.515), 0.014, shade);
}

fn beard(canvas: &mut Canvas, look: &Look) {
    let colour = mix(look.hair.1, INK, 0.15);
    let whiskers = |strength: f32, canvas: &mut Canvas| {
        let bounds = Bounds { left: 0.3, top: 0.45, right: 0.7, bottom: 0.71 };
        canvas.fill(bounds, (colour, strength), |x, y| {
            let jaw = ellipse((x, y), FACE, (FACE_SIZE.0 + 0.006, FACE_SIZE.1 + 0.012));
            let open = ellipse((x, y), (0.5, 0.44), (0.142, 0.112));
            jaw.max(-open).max(0.47 - y)
        });
    };
    match look.beard {
        Beard::None => {}
        Beard::Stubble => whiskers(0.3, canvas),
        Beard::Full => whiskers(1.0, canvas),
        Beard::Moustache => {
            for side in [-1.0, 1.0] {
                canvas.line((0.5, 0.542), (0.5 + 0.055 * side, 0.553), 0.026, colour);
            }
        }
    }
}

fn mouth(canvas: &mut Canvas, look: &Look) {
    let lips = mix(look.skin, [150, 40, 52], 0.62);
    let bounds = Bounds::around(MOUTH, 0.09, 0.07);
    match look.mouth {
        Mouth::Laughs => {
            let open = |x: f32, y: f32| ellipse((x, y), (0.5, 0.557), (0.062, 0.052)).max(0.557 - y);
            canvas.fill(bounds, ([122, 34, 46], 1.0), open);
            canvas.fill(bounds, (WHITE, 1.0), |x, y| (open(x, y) + 0.004).max(y - 0.574));
        }
        Mouth::Smiles | Mouth::Smirks => {
            // Lower on one side, it is a smirk.
            let from = if matches!(look.mouth, Mouth::Smirks) { 0.485 } else { 0.44 };
            let arc = move |x: f32, y: f32| {
                let ring = ellipse((x, y), (0.5, 0.53), (0.062, 0.055)).abs() - 0.008;
                ring.max(0.562 - y).max(from - x)
            };
            canvas.fill(bounds, (lips, 1.0), arc);
        }
    }
}

/// What of their hair is in front.
fn hair(canvas: &mut Canvas, look: &Look) {
    let (hair, colour) = look.hair;
    let top = Bounds { left: 0.2, top: 0.12, right: 0.8, bottom: 0.62 };
    // The head's own shape, a little larger, without what is left free of the face.
    let around = |(x, y): (f32, f32), free: ((f32, f32), (f32, f32)), down_to: f32| {
        let head = ellipse((x, y), (0.5, 0.44), (0.192, 0.212));
        head.max(-ellipse((x, y), free.0, free.1)).max(y - down_to)
    };
    match hair {
        Hair::Short => {
            canvas.fill(top, (colour, 1.0), |x, y| around((x, y), ((0.5, 0.52), (0.17, 0.185)), 0.46));
        }
        Hair::Parted => {
            canvas.fill(top, (colour, 1.0), |x, y| around((x, y), ((0.545, 0.53), (0.175, 0.2)), 0.46));
            canvas.ellipse((0.46, 0.262), (0.115, 0.048), colour);
        }
        Hair::Long | Hair::Bun => {
            canvas.fill(top, (colour, 1.0), |x, y| around((x, y), ((0.5, 0.54), (0.158, 0.2)), 0.5));
        }
        Hair::Bob => {
            canvas.fill(top, (colour, 1.0), |x, y| around((x, y), ((0.5, 0.545), (0.175, 0.135)), 0.6));
            for side in [-1.0, 1.0] {
                canvas.line((0.5 + 0.185 * side, 0.4), (0.5 + 0.178 * side, 0.6), 0.07, colour);
            }
        }
        Hair::Curls | Hair::Round => {
            for number in 0_u8..9 {
                let turn = std::f32::consts::PI * (1.06 + 0.11 * f32::from(number));
                let (x, y) = (0.5 + 0.168 * turn.cos(), 0.415 + 0.15 * turn.sin());
                canvas.ellipse((x, y), (0.058, 0.056), colour);
                let light = mix(colour, WHITE, 0.16);
                canvas.fill(Bounds::around((x, y), 0.05, 0.05), (light, 0.8), |at_x, at_y| {
                    ellipse((at_x, at_y), (x, y), (0.03, 0.03)).abs() - 0.004
                });
            }
        }
        Hair::Shaved => {
            canvas.fill(top, (colour, 0.5), |x, y| {
                ellipse((x, y), FACE, FACE_SIZE)
                    .max(-ellipse((x, y), (0.5, 0.57), (0.19, 0.245)))
                    .max(y - 0.44)
            });
        }
        Hair::Scarf => {
            let neck = Bounds { top: 0.55, bottom: 0.9, ..top };
            canvas.fill(neck, (colour, 1.0), |x, y| {
                ellipse((x, y), (0.5, 0.73), (0.2, 0.13)).max(-ellipse((x, y), FACE, FACE_SIZE))
            });
            canvas.fill(top, (mix(colour, INK, 0.12), 1.0), |x, y| {
                let ring = ellipse((x, y), (0.5, 0.475), (0.172, 0.207)).abs() - 0.013;
                ring.max(y - 0.62)
            });
            canvas.fill(top, (colour, 1.0), |x, y| around((x, y), ((0.5, 0.54), (0.21, 0.215)), 0.5));
        }
        Hair::Cap => {
            canvas.fill(top, (mix(colour, WHITE, 0.18), 1.0), |x, y| {
                ellipse((x, y), (0.5, 0.36), (0.2, 0.185)).max(y - 0.36)
            });
            canvas.line((0.315, 0.362), (0.685, 0.362), 0.062, colour);
            canvas.ellipse((0.5, 0.17), (0.04, 0.036), colour);
        }
    }
}

fn glasses(canvas: &mut Canvas, look: &Look) {
    let Some(colour) = look.glasses else { return };
    for eye in EYES {
        canvas.fill(Bounds::around(eye, 0.08, 0.08), (colour, 1.0), |x, y| {
            ellipse((x, y), eye, (0.055, 0.05)).abs() - 0.006
        });
    }
    canvas.line((0.484, 0.452), (0.516, 0.452), 0.012, colour);
    for side in [-1.0, 1.0] {
        canvas.line((0.5 + 0.124 * side, 0.452), (0.5 + 0.168 * side, 0.462), 0.012, colour);
    }
}
