//! Isolation forests: how deep rows fall into trees.

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, cache, memory, simd};
use ndarray::ArrayView2;

/// Rows that fall side by side: each step waits for memory, the steps of different rows do not wait for each other.
const SIDE_BY_SIDE: usize = 8;

/// Values of a tile of rows: they stay in a core's L2 cache while tree after tree goes over them.
const TILE_VALUES: usize = cache::L2_VALUES / 2;

/// Steps down the trees that a tile of rows takes, at most: a few milliseconds, so that even few rows are tiles for all
/// threads and an interrupt does not wait.
const TILE_STEPS: usize = 1 << 23;

/// Trees as arrays over all their nodes.
pub struct Forest<'a, T> {
    /// The first node of each tree.
    pub roots: &'a [i64],
    /// The column that a node looks at; below 0 in a leaf.
    pub feature: &'a [i64],
    /// Values up to this, in `f32`, go to the left.
    pub threshold: &'a [T],
    /// The node to the left, behind its parent; the one to the right comes right after it.
    pub left: &'a [i64],
    /// What a leaf counts.
    pub path_length: &'a [T],
}

/// A node, in a form that needs no test for leaves: a leaf leads to itself.
#[derive(Clone, Copy)]
struct Node {
    threshold: f32,
    feature: u32,
    left: u32,
}

/// A tree: its first node, and the most steps to a leaf.
struct Tree {
    root: u32,
    depth: u32,
}

/// Writes the mean over all trees of the path length of the leaf that each row of `x` falls into.
///
/// Values are compared in `f32`. NaN or infinity in `x` is an error.
pub fn mean_path_length<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    forest: &Forest<'_, T>,
    out: &mut [T],
) -> Result<()> {
    let x = Rows::new(x, "x")?;
    if out.len() != x.count() {
        return Err(Error::invalid("out", "does not have one value for each row of x"));
    }
    // The first of the arguments with NaN is to blame.
    let not_finite = || Error::invalid("x", "holds NaN or infinity");
    let (nodes, trees) = forest.prepared(x.width()).map_err(|error| match error {
        Error::InvalidInput { argument: "threshold" | "path_length", .. } if !x.are_finite(0..x.count()) => {
            not_finite()
        }
        error => error,
    })?;
    if trees.is_empty() {
        return Err(Error::invalid("roots", "names no tree"));
    }
    // Rows without a column still fall: into trees of one leaf, which never look at their value.
    let width = x.width().max(1);
    let steps = trees.iter().map(|tree| tree.depth as usize + 1).sum::<usize>().max(1);
    let height = (TILE_VALUES / width).min(TILE_STEPS / steps).max(1).next_multiple_of(SIDE_BY_SIDE);
    let tiles = out.chunks_mut(height).zip((0..x.count()).step_by(height));
    let work = x.count().saturating_mul(steps);
    let prepare = || Ok((memory::filled(height * width, 0.0_f32)?, memory::filled(height, 0.0)?));
    threads.for_each_with(work, tiles, prepare, |(values, totals), (out, first)| {
        if !x.are_finite(first..first + out.len()) {
            return Err(not_finite());
        }
        simd::vectorized(
            #[inline(always)]
            || {
                for (row, values) in (first..first + out.len()).zip(values.chunks_exact_mut(width)) {
                    values.iter_mut().zip(x.row(row)).for_each(|(value, x)| *value = x.to_f64() as f32);
                }
            },
        );
        totals.fill(0.0);
        for tree in &trees {
            let blocks = values.chunks_exact(SIDE_BY_SIDE * width).zip(totals.chunks_exact_mut(SIDE_BY_SIDE));
            for (values, totals) in blocks.take(out.len().div_ceil(SIDE_BY_SIDE)) {
                let leaves = fall(tree, &nodes, values, width);
                totals.iter_mut().zip(leaves).for_each(|(total, leaf)| *total += forest.path_length[leaf].to_f64());
            }
        }
        out.iter_mut().zip(&*totals).for_each(|(out, total)| *out = T::from_f64(total / trees.len() as f64));
        Ok(())
    })
}

/// The leaves that the rows of a block fall into.
#[inline(always)]
fn fall(tree: &Tree, nodes: &[Node], values: &[f32], width: usize) -> [usize; SIDE_BY_SIDE] {
    let rows: [&[f32]; SIDE_BY_SIDE] = std::array::from_fn(|r| &values[r * width..][..width]);
    let mut at = [tree.root; SIDE_BY_SIDE];
    for _ in 0..tree.depth {
        for (at, row) in at.iter_mut().zip(rows) {
            let node = nodes[*at as usize];
            *at = node.left + u32::from(row[node.feature as usize] > node.threshold);
        }
    }
    at.map(|node| node as usize)
}

impl<T: Scalar> Forest<'_, T> {
    /// All nodes and trees, after a check that walks end and look at no more than `width` columns.
    fn prepared(&self, width: usize) -> Result<(Vec<Node>, Vec<Tree>)> {
        let count = self.feature.len();
        if [self.threshold.len(), self.left.len(), self.path_length.len()] != [count; 3] || count > u32::MAX as usize {
            return Err(Error::invalid("feature", "has not as many nodes as the other arrays"));
        }
        for (argument, values) in [("threshold", self.threshold), ("path_length", self.path_length)] {
            if !values.iter().all(|value| value.is_finite()) {
                return Err(Error::invalid(argument, "holds NaN or infinity"));
            }
        }
        let (mut nodes, mut depths) = (memory::with_capacity(count)?, memory::filled(count, 0)?);
        for i in (0..count).rev() {
            let (feature, left) = (self.feature[i], self.left[i] as usize);
            if feature < 0 {
                memory::push(&mut nodes, Node { threshold: f32::INFINITY, feature: 0, left: i as u32 })?;
                continue;
            }
            if feature as usize >= width {
                return Err(Error::invalid("feature", format!("names column {feature} of {width}")));
            }
            if left <= i || left >= count - 1 {
                return Err(Error::invalid("left", "does not lie behind its parent"));
            }
            depths[i] = 1 + depths[left].max(depths[left + 1]);
            let threshold = at_most(self.threshold[i].to_f64());
            memory::push(&mut nodes, Node { threshold, feature: feature as u32, left: left as u32 })?;
        }
        nodes.reverse();
        let mut trees = memory::with_capacity(self.roots.len())?;
        for &root in self.roots {
            let depth = usize::try_from(root).ok().and_then(|root| depths.get(root));
            let depth = *depth.ok_or_else(|| Error::invalid("roots", "names no node"))?;
            memory::push(&mut trees, Tree { root: root as u32, depth })?;
        }
        Ok((nodes, trees))
    }
}

/// The largest `f32` that is not above `threshold`: every `f32` compares with both alike.
fn at_most(threshold: f64) -> f32 {
    let nearest = threshold as f32;
    if f64::from(nearest) > threshold { nearest.next_down() } else { nearest }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn stump(threshold: f64) -> Vec<f64> {
        vec![threshold, 0.0, 0.0]
    }

    fn lengths(x: &Array2<f64>, threshold: &[f64], feature: &[i64]) -> Result<Vec<f64>> {
        let (left, path_length) = (&[1, 0, 0], &[0.0, 1.0, 2.0]);
        let forest = Forest { roots: &[0], feature, threshold, left, path_length };
        let mut out = vec![0.0; x.nrows()];
        mean_path_length(&Threads::uninterrupted(2), x.view(), &forest, &mut out)?;
        Ok(out)
    }

    #[test]
    fn values_are_compared_in_f32() {
        let tenth = f64::from(0.1_f32);
        let x = array![[tenth], [tenth + 1e-12], [tenth + 1e-7], [f64::MAX], [f64::MIN]];
        assert_eq!(lengths(&x, &stump(tenth), &[0, -1, -1]).unwrap(), [1.0, 1.0, 2.0, 2.0, 1.0]);
        assert_eq!(lengths(&x, &stump(tenth - 1e-12), &[0, -1, -1]).unwrap()[0], 2.0);
    }

    #[test]
    fn what_is_no_forest_is_refused() {
        let x = Array2::zeros((4, 2));
        assert!(lengths(&x, &stump(0.0), &[2, -1, -1]).is_err());
        assert!(lengths(&x, &stump(0.0), &[0, 0, -1]).is_err());
        assert!(lengths(&array![[f64::NAN]], &stump(0.0), &[0, -1, -1]).is_err());
        let none = Forest { roots: &[], feature: &[], threshold: &[], left: &[], path_length: &[] };
        assert!(mean_path_length(&Threads::uninterrupted(1), x.view(), &none, &mut [0.0; 4]).is_err());
    }

    #[test]
    fn rows_without_columns_fall_into_leaves() {
        for rows in [0, 1, 7, 9000] {
            let x = Array2::<f64>::zeros((rows, 0));
            let (roots, feature, left) = (&[0, 1], &[-1, -2], &[0, 0]);
            let forest = Forest { roots, feature, threshold: &[0.0; 2], left, path_length: &[1.0, 4.0] };
            let mut out = vec![0.0; rows];
            mean_path_length(&Threads::uninterrupted(2), x.view(), &forest, &mut out).unwrap();
            assert!(out.iter().all(|&length| length == 2.5));
        }
    }
}
