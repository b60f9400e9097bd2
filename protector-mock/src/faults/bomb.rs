//! A gzip file of nothing but blanks: RFC 1951 and 1952, by hand, for nothing else here packs anything.

use bytes::Bytes;

/// `bytes` blanks, packed about a thousandfold.
pub(super) fn packed(bytes: u64) -> Bytes {
    let mut bits = Bits::default();
    // One last block with fixed codes.
    bits.push(0b1, 1);
    bits.push(0b01, 2);
    let mut left = bytes;
    if left > 0 {
        bits.code(0x30 + u32::from(b' '), 8);
        left -= 1;
    }
    // Length 258 is code 285, distance 1 is code 0.
    for _ in 0..left / 258 {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    for _ in 0..left % 258 {
        bits.code(0x30 + u32::from(b' '), 8);
    }
    bits.code(0, 7);
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let check = checksum(bytes).to_le_bytes();
    let size = (bytes as u32).to_le_bytes();
    Bytes::from([&header[..], &bits.end(), &check, &size].concat())
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    current: u8,
    used: u8,
}

impl Bits {
    /// A number, lowest bit first.
    fn push(&mut self, number: u32, count: u8) {
        for place in 0..count {
            self.current |= u8::from(number >> place & 1 == 1) << self.used;
            self.used += 1;
            if self.used == 8 {
                self.bytes.push(self.current);
                (self.current, self.used) = (0, 0);
            }
        }
    }

    /// A code, highest bit first.
    fn code(&mut self, code: u32, count: u8) {
        for place in (0..count).rev() {
            self.push(code >> place & 1, 1);
        }
    }

    fn end(mut self) -> Vec<u8> {
        if self.used > 0 {
            self.bytes.push(self.current);
        }
        self.bytes
    }
}

/// CRC-32 of so many blanks.
fn checksum(bytes: u64) -> u32 {
    let step = |crc: u32| {
        let mut crc = crc ^ u32::from(b' ');
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
        crc
    };
    // A byte changes the state in the same linear way each time: many steps are that change, squared again and again.
    let zero = step(0);
    let mut column = [0_u32; 32];
    for (place, image) in column.iter_mut().enumerate() {
        *image = step(1 << place) ^ zero;
    }
    let apply = |matrix: &[u32; 32], vector: u32| {
        matrix
            .iter()
            .enumerate()
            .filter(|(place, _)| vector >> place & 1 == 1)
            .fold(0, |sum, (_, image)| sum ^ image)
    };
    let (mut crc, mut matrix, mut shift, mut left) = (u32::MAX, column, zero, bytes);
    while left > 0 {
        if left & 1 == 1 {
            crc = apply(&matrix, crc) ^ shift;
        }
        shift = apply(&matrix, shift) ^ shift;
        let squared = matrix.map(|image| apply(&matrix, image));
        matrix = squared;
        left >>= 1;
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_blanks() {
        // python3 -c 'import zlib; print(hex(zlib.crc32(b" " * 1000)))'
        assert_eq!(checksum(0), 0);
        assert_eq!(checksum(1), 0xe96c_cf45);
        assert_eq!(checksum(1000), 0xcd93_e382);
    }
}
