//! The fingerprint of a public key, as Nova computes it: MD5 of an SSH key's bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The fingerprint, or the sentence of why there is none.
pub(super) fn of(public_key: &str, kind: &str) -> Result<String, String> {
    if kind == "x509" {
        let body: String = public_key.lines().filter(|line| !line.starts_with("-----")).collect();
        let bytes = STANDARD.decode(body.trim());
        let good = public_key.trim_start().starts_with("-----BEGIN CERTIFICATE-----");
        return match bytes {
            Ok(bytes) if good && !bytes.is_empty() => Ok(pairs(&md5(&bytes))),
            _ => Err("Keypair data is invalid: failed to generate X509 fingerprint. Error message: Unable to load \
                      PEM file."
                .to_owned()),
        };
    }
    let refused = || "Keypair data is invalid: failed to generate fingerprint".to_owned();
    let mut parts = public_key.split_whitespace();
    let (name, body) = (parts.next().ok_or_else(refused)?, parts.next().ok_or_else(refused)?);
    let bytes = STANDARD.decode(body).map_err(|_| refused())?;
    // The bytes begin with the name of the algorithm, after its length.
    let length = bytes.first_chunk::<4>().map(|length| u32::from_be_bytes(*length) as usize);
    let inner = length.and_then(|length| bytes.get(4..length.checked_add(4)?));
    if inner != Some(name.as_bytes()) {
        return Err(refused());
    }
    Ok(pairs(&md5(&bytes)))
}

fn pairs(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// RFC 1321. Only as a name of a key; it protects nothing.
fn md5(message: &[u8]) -> [u8; 16] {
    const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64).wrapping_mul(8).to_le_bytes());
    for block in padded.chunks_exact(64) {
        let words: Vec<u32> = block
            .chunks_exact(4)
            .map(|bytes| u32::from_le_bytes(bytes.first_chunk::<4>().copied().unwrap_or_default()))
            .collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mixed, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let constant = (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let turn = TURNS.get(step / 16).and_then(|turns| turns.get(step % 4)).copied().unwrap_or(0);
            let sum = a
                .wrapping_add(mixed)
                .wrapping_add(constant)
                .wrapping_add(words.get(word).copied().unwrap_or(0));
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(turn)));
        }
        for (sum, part) in state.iter_mut().zip([a, b, c, d]) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut digest = [0; 16];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_is_that_of_the_rfc() {
        assert_eq!(pairs(&md5(b"")).replace(':', ""), "d41d8cd98f00b204e9800998ecf8427e");
        let long = b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(pairs(&md5(long)).replace(':', ""), "57edf4a22be3c955ac49da2e2107b67a");
    }
}
