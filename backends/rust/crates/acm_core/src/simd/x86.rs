//! What the registers of x86-64 have in common: one instruction an operation, named by the macro's caller.

// The methods use instructions that not every processor has. Their types are private to `simd`, so code reaches them
// only as `S::F32` and `S::F64` of an `S` that `dispatch` starts a task with after finding its features.
macro_rules! vector {
    ($Name:ident, $T:ident x $lanes:literal, $register:ident, $splat:ident, $load:ident, $store:ident, $add:ident,
     $sub:ident, $mul:ident, $div:ident, $fma:ident, $min:ident, $max:ident, $sqrt:ident, $select_less:ident; $($more:item)*) => {
        #[doc = concat!(stringify!($lanes), " lanes of `", stringify!($T), "`.")]
        #[derive(Clone, Copy)]
        pub struct $Name($register);

        impl Vector<$T> for $Name {
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(value: $T) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $splat(value) })
            }
            #[inline(always)]
            fn load(lanes: &[$T]) -> Self {
                let lanes = &lanes[..Self::LANES];
                // SAFETY: the processor has the feature, see above; the slice holds LANES values.
                Self(unsafe { $load(lanes.as_ptr()) })
            }
            #[inline(always)]
            fn store(self, lanes: &mut [$T]) {
                let lanes = &mut lanes[..Self::LANES];
                // SAFETY: the processor has the feature, see above; the slice holds LANES values.
                unsafe { $store(lanes.as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $div(self.0, other.0) })
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $fma(self.0, factor.0, addend.0) })
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn select_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
                Self($select_less(a.0, b.0, then.0, otherwise.0))
            }
            $($more)*
        }
    };
}

pub(super) use vector;
