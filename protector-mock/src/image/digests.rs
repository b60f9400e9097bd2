//! What Glance tells of every file and clients compare: SHA-512, and MD5 (RFC 1321), which protects nothing.

use sha2::{Digest, Sha512};

const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// SHA-512 as hexadecimal digits.
pub(super) fn sha512(bytes: &[u8]) -> String {
    hexadecimal(Sha512::digest(bytes).iter().copied())
}

fn hexadecimal(bytes: impl Iterator<Item = u8>) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// MD5 as hexadecimal digits.
pub(super) fn md5(bytes: &[u8]) -> String {
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - bytes.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    padded.truncate(padded.len() - 8);
    padded.extend((bytes.len() as u64).wrapping_mul(8).to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let mut words =
            block.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()));
        let words: [u32; 16] = std::array::from_fn(|_| words.next().unwrap_or_default());
        let [mut a, mut b, mut c, mut d] = state;
        for round in 0..64_usize {
            let (mixed, index) = match round / 16 {
                0 => ((b & c) | (!b & d), round),
                1 => ((d & b) | (!d & c), 5 * round + 1),
                2 => (b ^ c ^ d, 3 * round + 5),
                _ => (c ^ (b | !d), 7 * round),
            };
            let word = words.get(index % 16).copied().unwrap_or_default();
            let shift =
                SHIFTS.get(round / 16).and_then(|row| row.get(round % 4)).copied().unwrap_or_default();
            let sine = (((round + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(word).wrapping_add(sine);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
        }
        for (kept, new) in state.iter_mut().zip([a, b, c, d]) {
            *kept = kept.wrapping_add(new);
        }
    }
    hexadecimal(state.iter().flat_map(|word| word.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{md5, sha512};

    #[test]
    fn the_digests_of_the_standard_are_found() {
        assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        let long = b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(md5(long), "57edf4a22be3c955ac49da2e2107b67a");
        assert_eq!(md5(&[b'a'; 55]), "ef1772b6dff9a122358552954ad0df65");
        assert_eq!(md5(&[b'a'; 56]), "3b0c8ac703f828b04c6c197006d17218");
        assert_eq!(md5(&[b'a'; 64]), "014842d480b571495a4a0363793f7367");
        assert!(sha512(b"abc").starts_with("ddaf35a193617abacc417349ae204131"));
    }
}
