//! The framing of a module: its header, its sections and the numbers in them, without what they mean.

use core::ops::Range;

use crate::error::PackageError;

/// The only header of a core module: `\0asm`, version 1.
pub(crate) const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";
/// The id of custom sections.
pub(crate) const CUSTOM: u8 = 0;

/// One section as it lies in the file.
#[derive(Clone, Debug)]
pub(crate) struct Section<'a> {
    pub(crate) id: u8,
    /// Where it lies, its id and length included.
    pub(crate) range: Range<usize>,
    /// Its name and the rest of its contents, if it is a custom section.
    pub(crate) custom: Option<(&'a str, &'a [u8])>,
}

/// The sections of a module, in order. Ends after the first error.
pub(crate) struct Sections<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Reads the header; the sections follow.
pub(crate) fn sections(bytes: &[u8]) -> Result<Sections<'_>, PackageError> {
    if !bytes.starts_with(&HEADER) {
        return Err(PackageError::NotAModule);
    }
    Ok(Sections {
        bytes,
        at: HEADER.len(),
    })
}

impl<'a> Sections<'a> {
    fn read(&self) -> Option<Section<'a>> {
        let mut reader = Reader(self.bytes.get(self.at..)?);
        let id = reader.byte()?;
        let contents = reader.sized()?;
        let end = self.bytes.len() - reader.0.len();
        let custom = match id {
            CUSTOM => {
                let mut inner = Reader(contents);
                let name = core::str::from_utf8(inner.sized()?).ok()?;
                Some((name, inner.0))
            }
            _ => None,
        };
        Some(Section {
            id,
            range: self.at..end,
            custom,
        })
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<Section<'a>, PackageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let offset = self.at;
        let section = self.read();
        self.at = section
            .as_ref()
            .map_or(self.bytes.len(), |section| section.range.end);
        Some(section.ok_or(PackageError::Framing { offset }))
    }
}

/// Reads numbers and byte strings off the front of a slice; `None` where there is too little.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A `u32` in LEB128, padded or not.
    pub(crate) fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).ok();
            }
        }
        None
    }

    /// A number and as many bytes.
    pub(crate) fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }
}

/// Appends a number in the shortest LEB128. Lengths above 32 bits cannot arise: no input is so long.
pub(crate) fn put_number(out: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while rest > 0x7f {
        out.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends bytes after their length.
pub(crate) fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a custom section in its shortest form.
pub(crate) fn put_custom(out: &mut Vec<u8>, name: &str, payload: &[u8]) {
    let mut contents = Vec::with_capacity(name.len() + payload.len() + 5);
    put_sized(&mut contents, name.as_bytes());
    contents.extend_from_slice(payload);
    out.push(CUSTOM);
    put_sized(out, &contents);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_read_as_they_were_written(number: u32) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number as usize);
            let mut reader = Reader(&bytes);
            prop_assert_eq!(reader.number(), Some(number));
            prop_assert!(reader.0.is_empty());
        }

        #[test]
        fn sections_fill_the_file_or_end_with_an_error(tail: Vec<u8>) {
            let bytes = [HEADER.as_slice(), &tail].concat();
            let mut at = HEADER.len();
            for section in sections(&bytes).into_iter().flatten() {
                match section {
                    Ok(section) => {
                        prop_assert_eq!(section.range.start, at);
                        at = section.range.end;
                    }
                    Err(error) => {
                        prop_assert_eq!(error, PackageError::Framing { offset: at });
                        at = bytes.len();
                    }
                }
            }
            prop_assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn a_number_is_at_most_32_bits_in_five_bytes() {
        let cases: [(&[u8], Option<u32>); 6] = [
            (&[0xff, 0xff, 0xff, 0xff, 0x0f], Some(u32::MAX)),
            (&[0xff, 0xff, 0xff, 0xff, 0x1f], None),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], None),
            (&[0x81, 0x80, 0x00], Some(1)),
            (&[0x80], None),
            (&[], None),
        ];
        for (bytes, number) in cases {
            assert_eq!(Reader(bytes).number(), number, "{bytes:02x?}");
        }
    }
}
