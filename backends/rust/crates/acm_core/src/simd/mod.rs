//! The instruction set is chosen once, at run time; kernels are generic over it.
//!
//! A kernel is a [`Task`]: a struct of its arguments with one method generic over [`Simd`]. [`dispatch`] runs
//! it with the widest instruction set of this processor that pays. Inside, [`Simd::vectorize`] compiles a closure (and
//! everything it inlines) for that set; it must be entered *within* each tile, because code does not stay
//! compiled for a set across a thread boundary.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(target_arch = "x86_64")]
mod processor;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

use crate::Scalar;

/// Bytes in a cache line.
pub const CACHE_LINE: usize = 64;

/// An instruction set. Kernels receive a value of it as proof that this processor has it.
pub trait Simd: Copy + Send + Sync + 'static {
    /// A register of `f32`.
    type F32: Vector<f32>;
    /// A register of `f64`.
    type F64: Vector<f64>;

    /// How many registers there are: what a kernel may keep in them.
    const REGISTERS: usize;

    /// Runs `body` compiled for this instruction set. `body` should be `#[inline(always)]`.
    fn vectorize<R>(self, body: impl FnOnce() -> R) -> R;
}

/// A SIMD register of `T`; every method is one or a few instructions.
pub trait Vector<T>: Copy + Send + Sync {
    /// How many `T` it holds.
    const LANES: usize;

    /// `value` in every lane.
    fn splat(value: T) -> Self;
    /// The first `LANES` values of `lanes`, which must have as many.
    fn load(lanes: &[T]) -> Self;
    /// Writes the lanes to the first `LANES` places of `lanes`, which must have as many.
    fn store(self, lanes: &mut [T]);
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`.
    fn div(self, other: Self) -> Self;
    /// `self * factor + addend`, with one rounding where the instruction set has it.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The smaller; `other` where either is NaN.
    fn min(self, other: Self) -> Self;
    /// The larger; `other` where either is NaN.
    fn max(self, other: Self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// `then` where `a < b`, else `otherwise`.
    fn select_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self;

    /// The smallest lane, where none is NaN.
    #[inline(always)]
    fn least(self) -> T
    where
        T: Scalar,
    {
        let mut lanes = [T::INFINITY; MAX_LANES];
        self.store(&mut lanes);
        // Halves, and not one after the other: each comparison has to wait for the one before.
        let mut half = Self::LANES / 2;
        while half > 0 {
            for lane in 0..half {
                let other = lanes[lane + half];
                lanes[lane] = if other < lanes[lane] { other } else { lanes[lane] };
            }
            half /= 2;
        }
        lanes[0]
    }

    /// The smallest lane, and the smallest of the others and of the lanes of `behind`, where none is NaN.
    #[inline(always)]
    fn two_least(self, behind: Self) -> [T; 2]
    where
        T: Scalar,
    {
        let [mut lanes, mut others] = [[T::INFINITY; MAX_LANES]; 2];
        self.store(&mut lanes);
        behind.store(&mut others);
        let mut half = Self::LANES / 2;
        while half > 0 {
            for lane in 0..half {
                let (one, other) = (lanes[lane], lanes[lane + half]);
                let (less, more) = if other < one { (other, one) } else { (one, other) };
                let second = if others[lane + half] < others[lane] { others[lane + half] } else { others[lane] };
                lanes[lane] = less;
                others[lane] = if more < second { more } else { second };
            }
            half /= 2;
        }
        [lanes[0], others[0]]
    }

    /// The sum of all lanes, of halves as in [`least`](Self::least).
    #[inline(always)]
    fn sum(self) -> T
    where
        T: Scalar,
    {
        let mut lanes = [T::ZERO; MAX_LANES];
        self.store(&mut lanes);
        let mut half = Self::LANES / 2;
        while half > 0 {
            for lane in 0..half {
                lanes[lane] += lanes[lane + half];
            }
            half /= 2;
        }
        lanes[0]
    }

    /// Writes a square of `LANES` rows, `row` values apart in `from`, as columns, `column` apart in `to`.
    #[inline(always)]
    fn transpose(from: &[T], row: usize, to: &mut [T], column: usize)
    where
        T: Copy,
    {
        for i in 0..Self::LANES {
            for j in 0..Self::LANES {
                to[j * column + i] = from[i * row + j];
            }
        }
    }

    /// Writes the lanes that lie between `low` and `high`, neither included, one after the other to `out`, and anything
    /// to the rest of its first `LANES` places, which it must have. Answers how many lanes that were.
    #[inline(always)]
    fn keep_between(self, low: Self, high: Self, out: &mut [T]) -> usize
    where
        T: Scalar,
    {
        let [mut values, mut lows, mut highs] = [[T::ZERO; MAX_LANES]; 3];
        self.store(&mut values);
        low.store(&mut lows);
        high.store(&mut highs);
        let mut kept = 0;
        for lane in 0..Self::LANES {
            out[kept] = values[lane];
            kept += usize::from((values[lane] > lows[lane]) & (values[lane] < highs[lane]));
        }
        kept
    }
}

/// Asks for `values` to be brought into the cache, for when they will be read soon.
#[inline(always)]
pub fn prefetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    // No `chunks`: to cut slices costs more than the hint.
    for first in (0..values.len()).step_by(CACHE_LINE / size_of::<T>()) {
        let line = values.as_ptr().wrapping_add(first);
        // SAFETY: a hint that reads nothing; SSE is part of the architecture.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// The same for values that fill no more than a cache line, but may begin in the middle of one.
#[inline(always)]
pub fn prefetch_ends<T>(values: &[T]) {
    [values.first(), values.last()].into_iter().flatten().for_each(|value| prefetch(std::slice::from_ref(value)));
}

/// A kernel that is generic over the instruction set.
pub trait Task {
    /// What the kernel returns.
    type Output;

    /// Whether 512-bit registers may pay: where arithmetic on whole registers bounds the kernel, not memory, and no
    /// register needs to fit a row of [`LANES`](crate::panels::LANES) columns. Other tasks are not compiled for them.
    const MAY_BE_WIDE: bool = false;

    /// Whether they pay for this task, of a kind for which they may.
    fn is_wide(&self) -> bool {
        true
    }

    /// The kernel.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The largest [`Vector::LANES`] of any instruction set, for buffers on the stack.
pub const MAX_LANES: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Isa {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Runs `task` with the widest instruction set of this processor that pays for it.
pub fn dispatch<K: Task>(task: K) -> K::Output {
    match chosen() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `detect` answers `Avx512` only after finding AVX-512F, AVX2 and FMA on this processor.
        Isa::Avx512 if K::MAY_BE_WIDE && task.is_wide() => task.run(unsafe { avx512::Avx512::new() }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `detect` answers `Avx512` only after finding AVX2 and FMA on this processor, too.
        Isa::Avx512 => task.run(unsafe { avx2::Avx2::new() }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `detect` answers `Avx2` only after finding AVX2 and FMA on this processor.
        Isa::Avx2 => task.run(unsafe { avx2::Avx2::new() }),
        Isa::Baseline => task.run(portable::Baseline),
    }
}

/// Runs `task` with what every processor of this architecture has, to compare with [`dispatch`] in tests.
pub fn dispatch_baseline<K: Task>(task: K) -> K::Output {
    task.run(portable::Baseline)
}

/// Runs a plain closure compiled for the widest instruction set: loops in it are vectorised by the compiler.
pub fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    struct Plain<F>(F);
    impl<R, F: FnOnce() -> R> Task for Plain<F> {
        type Output = R;
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> R {
            simd.vectorize(self.0)
        }
    }
    dispatch(Plain(body))
}

/// The name of the widest instruction set in use: "avx512f", "avx2+fma" or "baseline".
pub fn isa() -> &'static str {
    match chosen() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => "avx512f",
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => "avx2+fma",
        Isa::Baseline => "baseline",
    }
}

fn chosen() -> Isa {
    static CHOSEN: OnceLock<Isa> = OnceLock::new();
    *CHOSEN.get_or_init(detect)
}

/// Whether 512-bit registers pay also where loads and additions are as many as multiplications: not on processors that
/// compute them in two halves. `ACM_RS_ISA=avx512` asks for them all the same, to test such kernels there.
pub fn has_whole_wide_registers() -> bool {
    static WHOLE: OnceLock<bool> = OnceLock::new();
    #[cfg(target_arch = "x86_64")]
    let halves = processor::halves_wide_registers;
    #[cfg(not(target_arch = "x86_64"))]
    let halves = || false;
    *WHOLE.get_or_init(|| is_asked_for("avx512") || !halves())
}

/// `ACM_RS_ISA=baseline` or `avx2` switches the wider instruction sets off, for tests and for hunting differences.
fn detect() -> Isa {
    if is_asked_for("baseline") {
        return Isa::Baseline;
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        let wider = is_x86_feature_detected!("avx512f") && !is_asked_for("avx2");
        return if wider { Isa::Avx512 } else { Isa::Avx2 };
    }
    Isa::Baseline
}

/// Whether the environment asks for this instruction set.
fn is_asked_for(name: &str) -> bool {
    std::env::var_os("ACM_RS_ISA").is_some_and(|asked| asked == name)
}

#[cfg(test)]
mod tests;
