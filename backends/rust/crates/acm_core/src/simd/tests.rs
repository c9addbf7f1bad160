use super::*;

/// Runs every vector operation on counting lanes and compares it with the scalar operation.
struct EveryOperation<T, const WIDE: bool>(std::marker::PhantomData<T>);

impl<T: Scalar, const WIDE: bool> Task for EveryOperation<T, WIDE> {
    type Output = ();

    const MAY_BE_WIDE: bool = WIDE;

    fn run<S: Simd>(self, simd: S) {
        type V<T, S> = <T as Scalar>::Vector<S>;
        let lanes = <V<T, S>>::LANES;
        assert!(lanes <= MAX_LANES);
        let left: Vec<T> = (0..lanes).map(|i| T::from_f64(1.5 * i as f64 + 1.0)).collect();
        let right: Vec<T> = (0..lanes).map(|i| T::from_f64(6.0 - i as f64)).collect();
        let check = |found: V<T, S>, expected: &dyn Fn(T, T) -> T| {
            let mut values = vec![T::ZERO; lanes];
            found.store(&mut values);
            for lane in 0..lanes {
                assert_eq!(values[lane], expected(left[lane], right[lane]));
            }
        };
        simd.vectorize(|| {
            let (a, b) = (<V<T, S>>::load(&left), <V<T, S>>::load(&right));
            check(a.add(b), &|a, b| a + b);
            check(a.sub(b), &|a, b| a - b);
            check(a.mul(b), &|a, b| a * b);
            check(a.div(b), &|a, b| a / b);
            check(a.mul_add(b, a), &|a, b| a * b + a);
            check(a.min(b), &|a, b| if a < b { a } else { b });
            check(a.max(b), &|a, b| if a > b { a } else { b });
            check(a.sqrt(), &|a, _| a.sqrt());
            for value in [0.0, f64::INFINITY, 1e-300, 1e300, 2.0, 3.0, 0.1, 1e-12 / 3.0] {
                let mut roots = vec![T::ZERO; lanes];
                let value = T::from_f64(value);
                <V<T, S>>::splat(value).sqrt().store(&mut roots);
                assert_eq!(roots, vec![value.sqrt(); lanes]);
            }
            assert_eq!(b.least(), right[lanes - 1]);
            let one = <V<T, S>>::splat(T::ONE);
            check(Vector::select_less(a, b, one, a), &|a, b| if a < b { T::ONE } else { a });
            let square: Vec<T> = (0..lanes * (lanes + 3)).map(|i| T::from_f64(i as f64)).collect();
            let mut columns = vec![T::ZERO; lanes * (lanes + 1)];
            <V<T, S>>::transpose(&square, lanes + 3, &mut columns, lanes + 1);
            for (i, j) in (0..lanes).flat_map(|i| (0..lanes).map(move |j| (i, j))) {
                assert_eq!(columns[j * (lanes + 1) + i], square[i * (lanes + 3) + j]);
            }
            for mask in 0..1_usize << lanes {
                let value = |lane: usize| T::from_f64(if mask >> lane & 1 == 1 { 2.0 + lane as f64 } else { 100.0 });
                let values: Vec<T> = (0..lanes).map(value).collect();
                let limits = [T::ONE, T::from_f64(100.0)].map(<V<T, S>>::splat);
                let mut kept = vec![T::ZERO; lanes];
                let count = <V<T, S>>::load(&values).keep_between(limits[0], limits[1], &mut kept);
                let expected: Vec<T> = values.into_iter().filter(|&value| value < T::from_f64(100.0)).collect();
                assert_eq!(kept[..count], expected);
            }
        });
    }
}

fn try_every_operation<T: Scalar>() {
    dispatch(EveryOperation::<T, true>(std::marker::PhantomData));
    dispatch(EveryOperation::<T, false>(std::marker::PhantomData));
    dispatch_baseline(EveryOperation::<T, false>(std::marker::PhantomData));
}

#[test]
fn vectors_compute_what_scalars_do() {
    try_every_operation::<f32>();
    try_every_operation::<f64>();
}

#[test]
fn a_plain_closure_returns_its_value() {
    assert_eq!(vectorized(|| [1.0, 2.0].iter().sum::<f64>()), 3.0);
}
