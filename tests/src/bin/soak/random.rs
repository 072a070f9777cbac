//! Random choices that a seed repeats, and what is made of them: texts, and damaged bytes. It draws
//! nothing from the machine.

/// A generator of numbers (xorshift64*): quick, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

/// Characters that parsers and terminals trip over.
const NASTY: [char; 20] = [
    '\0',
    '\u{1}',
    '\t',
    '\n',
    '\r',
    '"',
    '\\',
    '/',
    '<',
    '\u{7f}',
    '\u{ad}',
    '\u{301}',
    '\u{200d}',
    '\u{202e}',
    '\u{2028}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{feff}',
    '\u{ffff}',
    '\u{10ffff}',
];

impl Rng {
    /// The generator of a seed and a number within it: neighbours have nothing in common.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = seed ^ stream.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Zero is the one state that it cannot leave.
        Self((mixed ^ (mixed >> 31)).max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Less than `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from((self.next() >> 11) % end).unwrap_or_default()
    }

    /// True in so many of a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len)
            .map(|_| u8::try_from(self.next() >> 56).unwrap_or_default())
            .collect()
    }

    /// A text of any characters: mostly short, now and then long.
    pub(crate) fn text(&mut self) -> String {
        let most = match self.below(100) {
            0..60 => 20,
            60..90 => 1_000,
            90..98 => 20_000,
            _ => 100_000,
        };
        let len = self.below(most);
        let plain = self.chance(30);
        (0..len).map(|_| self.character(plain)).collect()
    }

    fn character(&mut self, plain: bool) -> char {
        match self.below(8) {
            0 if !plain => self.pick(&NASTY).copied().unwrap_or('x'),
            1 | 2 if !plain => {
                let code = u32::try_from(self.below(0x11_0000)).unwrap_or_default();
                char::from_u32(code).unwrap_or('\u{fffd}')
            }
            _ => char::from(32 + u8::try_from(self.below(95)).unwrap_or_default()),
        }
    }

    /// The bytes, changed in one to four ways; they differ from what they were.
    pub(crate) fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        for _ in 0..=self.below(4) {
            self.damage(&mut changed);
        }
        if changed == bytes {
            changed.push(0);
        }
        changed
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let end = at + self.below(40.min(bytes.len() - at));
        match self.below(7) {
            0 | 1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let copied = bytes.get(at..end).unwrap_or_default().to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, copied);
            }
            5 => {
                let len = 1 + self.below(8);
                let random = self.bytes(len);
                bytes.splice(at..at, random);
            }
            _ => {
                // A piece of JSON where none belongs.
                let pieces = [
                    "{", "}", "[", "]", ",", "\"", "null", "-1e999", "\\ud800", ":",
                ];
                let piece = self.pick(&pieces).copied().unwrap_or_default();
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_choices_again_and_another_others() {
        let take = |seed, stream| {
            let mut rng = Rng::new(seed, stream);
            (rng.text(), rng.bytes(16), rng.below(1_000))
        };
        assert_eq!(take(7, 0), take(7, 0));
        assert_ne!(take(7, 0).1, take(7, 1).1);
        assert_ne!(take(7, 0).1, take(8, 0).1);
    }

    #[test]
    fn damaged_bytes_differ_whatever_they_were() {
        let mut rng = Rng::new(1, 1);
        for len in [0, 1, 2, 50] {
            for _ in 0..200 {
                let bytes = rng.bytes(len);
                assert_ne!(rng.damaged(&bytes), bytes);
            }
        }
    }
}
