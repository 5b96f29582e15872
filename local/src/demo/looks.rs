//! What each of them looks like.

use super::portrait::{Beard, Clothes, Hair, Look, Mouth};

pub(super) const MAYA: Look = Look {
    sky: [[255, 196, 140], [244, 132, 108]],
    skin: [141, 85, 54],
    hair: (Hair::Round, [38, 26, 24]),
    beard: Beard::None,
    mouth: Mouth::Laughs,
    clothes: Clothes::Sweater,
    cloth: [[42, 128, 120], [30, 96, 92]],
    glasses: None,
    earrings: Some([240, 196, 72]),
};

pub(super) const TOMAS: Look = Look {
    sky: [[252, 232, 178], [232, 180, 110]],
    skin: [224, 172, 126],
    hair: (Hair::Short, [58, 38, 26]),
    beard: Beard::Full,
    mouth: Mouth::Smiles,
    clothes: Clothes::Apron,
    cloth: [[250, 246, 238], [92, 110, 140]],
    glasses: None,
    earrings: None,
};

pub(super) const YUKI: Look = Look {
    sky: [[214, 236, 250], [150, 196, 232]],
    skin: [245, 210, 176],
    hair: (Hair::Bob, [28, 26, 34]),
    beard: Beard::None,
    mouth: Mouth::Smiles,
    clothes: Clothes::Stripes,
    cloth: [[250, 248, 244], [204, 58, 66]],
    glasses: None,
    earrings: None,
};

pub(super) const LENA: Look = Look {
    sky: [[206, 224, 196], [134, 170, 130]],
    skin: [248, 214, 190],
    hair: (Hair::Bun, [222, 180, 104]),
    beard: Beard::None,
    mouth: Mouth::Smirks,
    clothes: Clothes::Shirt,
    cloth: [[240, 150, 40], [250, 214, 120]],
    glasses: None,
    earrings: None,
};

pub(super) const ARJUN: Look = Look {
    sky: [[196, 200, 236], [110, 116, 180]],
    skin: [186, 126, 84],
    hair: (Hair::Parted, [24, 20, 22]),
    beard: Beard::Stubble,
    mouth: Mouth::Smiles,
    clothes: Clothes::Sweater,
    cloth: [[58, 62, 84], [90, 96, 124]],
    glasses: Some([30, 30, 36]),
    earrings: None,
};

pub(super) const ZOE: Look = Look {
    sky: [[246, 206, 220], [206, 128, 160]],
    skin: [242, 200, 172],
    hair: (Hair::Long, [160, 62, 34]),
    beard: Beard::None,
    mouth: Mouth::Laughs,
    clothes: Clothes::Sweater,
    cloth: [[52, 44, 70], [82, 70, 108]],
    glasses: None,
    earrings: Some([90, 200, 190]),
};

pub(super) const OMAR: Look = Look {
    sky: [[236, 216, 188], [178, 140, 104]],
    skin: [206, 152, 108],
    hair: (Hair::Curls, [70, 66, 66]),
    beard: Beard::Moustache,
    mouth: Mouth::Smiles,
    clothes: Clothes::Shirt,
    cloth: [[110, 44, 52], [236, 226, 210]],
    glasses: Some([150, 104, 52]),
    earrings: None,
};

pub(super) const INES: Look = Look {
    sky: [[160, 222, 226], [40, 130, 160]],
    skin: [222, 170, 130],
    hair: (Hair::Long, [62, 40, 30]),
    beard: Beard::None,
    mouth: Mouth::Laughs,
    clothes: Clothes::Stripes,
    cloth: [[30, 66, 110], [240, 244, 248]],
    glasses: None,
    earrings: None,
};

pub(super) const DIMA: Look = Look {
    sky: [[206, 210, 214], [120, 128, 138]],
    skin: [240, 204, 178],
    hair: (Hair::Shaved, [120, 100, 80]),
    beard: Beard::Stubble,
    mouth: Mouth::Smirks,
    clothes: Clothes::Sweater,
    cloth: [[30, 32, 36], [52, 54, 60]],
    glasses: None,
    earrings: None,
};

pub(super) const BIANCA: Look = Look {
    sky: [[255, 224, 130], [250, 160, 80]],
    skin: [234, 186, 140],
    hair: (Hair::Bob, [92, 52, 36]),
    beard: Beard::None,
    mouth: Mouth::Laughs,
    clothes: Clothes::Shirt,
    cloth: [[60, 140, 190], [240, 240, 240]],
    glasses: Some([190, 50, 60]),
    earrings: Some([240, 240, 240]),
};

pub(super) const SAM: Look = Look {
    sky: [[190, 230, 200], [70, 150, 110]],
    skin: [250, 218, 198],
    hair: (Hair::Cap, [200, 70, 50]),
    beard: Beard::Full,
    mouth: Mouth::Laughs,
    clothes: Clothes::Sweater,
    cloth: [[80, 100, 60], [110, 130, 84]],
    glasses: None,
    earrings: None,
};

pub(super) const AMIRA: Look = Look {
    sky: [[232, 214, 244], [160, 130, 200]],
    skin: [226, 178, 138],
    hair: (Hair::Scarf, [64, 90, 150]),
    beard: Beard::None,
    mouth: Mouth::Smiles,
    clothes: Clothes::Shirt,
    cloth: [[220, 224, 230], [160, 170, 190]],
    glasses: None,
    earrings: None,
};
