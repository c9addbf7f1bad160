//! Which rows belong to which cluster.

use std::ops::Range;

use acm_core::{Error, Result, memory};

/// Rows sorted by cluster; within a cluster they keep their order.
pub struct Clusters {
    order: Vec<usize>,
    /// Cluster `c` has the sorted rows `starts[c]..starts[c + 1]`.
    starts: Vec<usize>,
}

impl Clusters {
    /// From each row's cluster: at least 2 clusters, numbered from 0 without gaps, and fewer than rows.
    pub fn new(codes: &[i64]) -> Result<Self> {
        let wrong = || Error::invalid("labels", "must be codes 0..k, each used, with 2 <= k < number of rows");
        let count = codes.iter().max().map_or(0, |&largest| largest.saturating_add(1));
        let count = usize::try_from(count).map_err(|_| wrong())?;
        if count < 2 || count >= codes.len() {
            return Err(wrong());
        }
        let mut starts = memory::filled(count + 1, 0)?;
        for &code in codes {
            let cluster = usize::try_from(code).map_err(|_| wrong())?;
            starts[cluster + 1] += 1;
        }
        if starts[1..].contains(&0) {
            return Err(wrong());
        }
        for cluster in 0..count {
            starts[cluster + 1] += starts[cluster];
        }
        let mut next = memory::filled(count, 0)?;
        next.copy_from_slice(&starts[..count]);
        let mut order = memory::filled(codes.len(), 0)?;
        for (row, &code) in codes.iter().enumerate() {
            let place = &mut next[code as usize];
            order[*place] = row;
            *place += 1;
        }
        Ok(Clusters { order, starts })
    }

    /// The row of the matrix that each sorted row is.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// How many clusters there are.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The sorted rows of a cluster.
    pub fn rows(&self, cluster: usize) -> Range<usize> {
        self.starts[cluster]..self.starts[cluster + 1]
    }

    /// The cluster of a sorted row.
    pub fn of(&self, row: usize) -> usize {
        self.starts.partition_point(|&start| start <= row) - 1
    }
}
