use super::*;
use crate::arrays::tests::Arrays;
use proptest::prelude::*;

#[test]
fn a_label_is_its_text_and_zeros() {
    Arrays::new().will(|at| {
        let labels = BTreeMap::from([(0, Some("x".to_owned())), (7, Some("y".to_owned())), (9, None)]);
        let content = labelled(at, &Content::default(), &labels)?;
        assert_eq!(super::labels(at, &content)?, BTreeMap::from([(0, "x".to_owned()), (7, "y".to_owned())]));
        assert_eq!(read(at, &content, 0, 3)?, b"x\0\0");
        let same = written(at, &Content::default(), 0, b"x")?;
        let same = written(at, &same, 7 * EXTENT, b"y")?;
        assert_eq!(same, content);
        Ok(())
    });
}

#[test]
fn what_nobody_holds_is_removed_and_all_else_stays() {
    let arrays = Arrays::new();
    arrays.volume("array-a", "v");
    arrays.will(|at| {
        for round in 0..8_u8 {
            crate::arrays::volumes::write(at, "array-a", "v", 0, &[round + 1; 100])?;
        }
        collection::collect(at)?;
        let left: i64 = at.sql().query_row("SELECT count(*) FROM extent", (), |row| row.get(0)).unwrap();
        assert_eq!(left, 1);
        assert_eq!(crate::arrays::volumes::read(at, "array-a", "v", 0, 3)?, [8, 8, 8]);
        Ok(())
    });
}

/// Writes in a volume of some extents: where, and how much of which byte.
fn writes() -> impl Strategy<Value = Vec<(u64, u64, u8)>> {
    let extents = 3 * EXTENT;
    prop::collection::vec((0..extents, 1..EXTENT + 10, 0..4_u8), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn content_is_what_bytes_in_memory_would_be(writes in writes(), cut in 0..4 * EXTENT) {
        let size = 4 * EXTENT + 10;
        let mut model = vec![0_u8; size as usize];
        Arrays::new().will(|at| {
            let mut content = Content::default();
            for (offset, length, byte) in writes {
                let bytes = vec![byte; length as usize];
                content = written(at, &content, offset, &bytes)?;
                model[offset as usize..(offset + length) as usize].copy_from_slice(&bytes);
            }
            assert!(read(at, &content, 0, size)? == model);
            content = cut_to(at, &content, cut)?;
            model[cut as usize..].fill(0);
            assert!(read(at, &content, 0, size)? == model);
            let again = written(at, &Content::default(), 0, &model)?;
            assert_eq!(again, content, "the same bytes are the same content, however they came to be");
            Ok(())
        });
    }
}
