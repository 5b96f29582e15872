//! A square to draw on, and a few shapes with soft edges.
//!
//! Places and lengths are shares of its side, from the left and from the top. A shape is a signed
//! distance: how far a place is outside of it, below zero inside. So shapes are cut out of each other
//! by `max` and `-`, put together by `min`, and their edges are smooth at any size.

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// Pixels a side. What is drawn is made smaller and larger from it.
pub(super) const SIDE: u16 = 320;

/// Where a shape may be: nothing else is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Bounds {
    /// All of the square.
    pub(super) const ALL: Self = Self { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };

    /// Around a place.
    pub(super) const fn around((x, y): (f32, f32), across: f32, down: f32) -> Self {
        Self { left: x - across, top: y - down, right: x + across, bottom: y + down }
    }
}

/// The square.
#[derive(Debug)]
pub(super) struct Canvas {
    /// Row by row from the top, three bytes a pixel.
    pixels: Vec<u8>,
}

impl Canvas {
    /// One that goes from one colour at its top to another at its bottom.
    pub(super) fn shaded(top: Colour, bottom: Colour) -> Self {
        let rows = (0..SIDE).map(|row| mix(top, bottom, f32::from(row) / f32::from(SIDE)));
        Self { pixels: rows.flat_map(|colour| colour.repeat(usize::from(SIDE))).collect() }
    }

    /// What was drawn.
    pub(super) fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// Fills a shape, which is inside these bounds, as far as `strength` (0 to 1) lets it cover what is
    /// there.
    pub(super) fn fill(
        &mut self,
        bounds: Bounds,
        (colour, strength): (Colour, f32),
        shape: impl Fn(f32, f32) -> f32,
    ) {
        let side = f32::from(SIDE);
        for row in pixels_between(bounds.top, bounds.bottom) {
            for column in pixels_between(bounds.left, bounds.right) {
                let (x, y) = ((f32::from(column) + 0.5) / side, (f32::from(row) + 0.5) / side);
                // An edge is as wide as a pixel.
                let covered = (0.5 - shape(x, y) * side).clamp(0.0, 1.0) * strength;
                if covered > 0.0 {
                    let at = 3 * (usize::from(row) * usize::from(SIDE) + usize::from(column));
                    if let Some([red, green, blue]) = self.pixels.get_mut(at..at + 3) {
                        [*red, *green, *blue] = mix([*red, *green, *blue], colour, covered);
                    }
                }
            }
        }
    }

    /// Fills an ellipse.
    pub(super) fn ellipse(&mut self, centre: (f32, f32), (across, down): (f32, f32), colour: Colour) {
        let bounds = Bounds::around(centre, across + 0.01, down + 0.01);
        self.fill(bounds, (colour, 1.0), |x, y| ellipse((x, y), centre, (across, down)));
    }

    /// Draws a line with round ends.
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32, colour: Colour) {
        let bounds = Bounds {
            left: from.0.min(to.0) - width,
            top: from.1.min(to.1) - width,
            right: from.0.max(to.0) + width,
            bottom: from.1.max(to.1) + width,
        };
        self.fill(bounds, (colour, 1.0), |x, y| line((x, y), from, to) - width / 2.0);
    }
}

/// How far a place is outside of an ellipse: near its edge exactly, elsewhere about.
pub(super) fn ellipse(place: (f32, f32), centre: (f32, f32), (across, down): (f32, f32)) -> f32 {
    let scaled = ((place.0 - centre.0) / across).hypot((place.1 - centre.1) / down);
    (scaled - 1.0) * across.min(down)
}

/// How far a place is from a line.
fn line(place: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (along, across) = (to.0 - from.0, to.1 - from.1);
    let length = (along * along + across * across).max(f32::EPSILON);
    let share = ((place.0 - from.0) * along + (place.1 - from.1) * across) / length;
    let share = share.clamp(0.0, 1.0);
    (place.0 - from.0 - share * along).hypot(place.1 - from.1 - share * across)
}

/// A colour between two: 0 is the first one, 1 the other.
pub(super) fn mix(one: Colour, other: Colour, share: f32) -> Colour {
    std::array::from_fn(|part| {
        let (from, to) = (f32::from(one[part]), f32::from(other[part]));
        byte(from + (to - from) * share)
    })
}

/// The rows, or columns, between two places of the square.
fn pixels_between(from: f32, to: f32) -> std::ops::Range<u16> {
    pixel(from)..pixel(to)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and SIDE")]
fn pixel(place: f32) -> u16 {
    (place.clamp(0.0, 1.0) * f32::from(SIDE)).round() as u16
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 255")]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}
