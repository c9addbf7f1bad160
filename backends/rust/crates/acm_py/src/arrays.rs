//! The border to NumPy: arrays a kernel may read, and fresh ones it writes.
//!
//! Arrays normally arrive canonical (C order, aligned, native byte order) and are read in place, also when they are
//! read-only. Anything else is copied into a canonical array first, by NumPy.

use acm_core::{Error, memory};
use ndarray::{ArrayView, ArrayViewMut, Dim, Dimension, Ix};
use numpy::npyffi::{NpyTypes, PY_ARRAY_API, get_type_object, npy_intp};
use numpy::prelude::*;
use numpy::{Element, PyArray, PyUntypedArray};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::call::exception;

/// The dimension type of arrays of `N` dimensions.
type Rank<const N: usize> = Dim<[Ix; N]>;

/// The two types that kernels over floats exist for.
pub enum Float {
    /// `float32`
    F32,
    /// `float64`
    F64,
}

/// Evaluates `body` with `T` as the float type of the array `x`; anything but a float array is a `TypeError`.
#[macro_export]
macro_rules! by_dtype {
    ($x:expr, $T:ident => $body:expr) => {
        match $crate::arrays::float_type($x)? {
            $crate::arrays::Float::F32 => {
                type $T = f32;
                $body
            }
            $crate::arrays::Float::F64 => {
                type $T = f64;
                $body
            }
        }
    };
}

/// Evaluates `body` with `I` as the integer type of the array `x`, `int64` where it is not `int32`.
#[macro_export]
macro_rules! by_width {
    ($x:expr, $I:ident => $body:expr) => {
        match $crate::arrays::is_narrow($x)? {
            true => {
                type $I = i32;
                $body
            }
            false => {
                type $I = i64;
                $body
            }
        }
    };
}

/// Whether an array holds `int32`, in either byte order.
pub fn is_narrow(x: &Bound<'_, PyAny>) -> PyResult<bool> {
    let dtype = x.cast::<PyUntypedArray>()?.dtype();
    Ok((dtype.kind(), dtype.itemsize()) == (b'i', 4))
}

/// The float type of an array, in either byte order.
pub fn float_type(x: &Bound<'_, PyAny>) -> PyResult<Float> {
    let dtype = x.cast::<PyUntypedArray>()?.dtype();
    match (dtype.kind(), dtype.itemsize()) {
        (b'f', 4) => Ok(Float::F32),
        (b'f', 8) => Ok(Float::F64),
        _ => Err(PyTypeError::new_err(format!("expected an array of float64 or float32, not {dtype}"))),
    }
}

/// A canonical array of `T` with `N` dimensions that a kernel may read.
pub struct Input<'py, T, const N: usize>(Bound<'py, PyArray<T, Rank<N>>>)
where
    Rank<N>: Dimension;

impl<'py, T: Element, const N: usize> Input<'py, T, N>
where
    Rank<N>: Dimension,
{
    /// The array itself if it is canonical, else a canonical copy.
    pub fn new(operation: &'static str, argument: &'static str, object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let array = object.cast::<PyUntypedArray>()?;
        if array.ndim() != N {
            let problem = format!("must have {N} dimensions, not {}", array.ndim());
            return Err(exception(object.py(), operation, Error::invalid(argument, problem)));
        }
        let native = numpy::dtype::<T>(object.py());
        let found = array.dtype();
        if (found.kind(), found.itemsize()) != (native.kind(), native.itemsize()) {
            return Err(PyTypeError::new_err(format!("{operation}: {argument} must be {native}, not {found}")));
        }
        if found.is_equiv_to(&native) && array.is_aligned() && array.is_c_contiguous() {
            return Ok(Input(object.cast()?.clone()));
        }
        let numpy = object.py().import(intern!(object.py(), "numpy"))?;
        let canonical = numpy.call_method1(intern!(object.py(), "require"), (object, native, "CA"))?;
        Ok(Input(canonical.cast_into()?))
    }

    /// How long the array is along `axis`.
    pub fn len(&self, axis: usize) -> usize {
        self.0.shape()[axis]
    }

    /// The values, for as long as the array is kept alive.
    pub fn view(&self) -> ArrayView<'_, T, Rank<N>> {
        // SAFETY: `new` checked type, byte order, alignment and layout. Writing to the array from another Python thread
        // during the call is the caller's race, as with every NumPy function that releases the interpreter lock.
        unsafe { self.0.as_array() }
    }
}

impl<T: Element> Input<'_, T, 1> {
    /// The values one after the other, for as long as the array is kept alive.
    pub fn values(&self) -> &[T] {
        // `new` checked the layout, so there always is a slice.
        self.view().to_slice().unwrap_or_default()
    }
}

/// The items of a sequence, or `MemoryError`.
pub fn items<'py, T>(py: Python<'py>, operation: &'static str, sequence: &Bound<'py, PyAny>) -> PyResult<Vec<T>>
where
    T: for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>,
{
    let mut all = memory::with_capacity(sequence.len()?).map_err(|error| exception(py, operation, error))?;
    for item in sequence.try_iter()? {
        let item = item?.extract().map_err(Into::into)?;
        memory::push(&mut all, item).map_err(|error| exception(py, operation, error))?;
    }
    Ok(all)
}

/// A fresh C-order array from NumPy's allocator, which asks for huge pages; its values are arbitrary.
pub struct Output<'py, T, const N: usize>(Bound<'py, PyArray<T, Rank<N>>>)
where
    Rank<N>: Dimension;

impl<'py, T: Element, const N: usize> Output<'py, T, N>
where
    Rank<N>: Dimension,
{
    /// An array of this shape, or `MemoryError`.
    pub fn new(py: Python<'py>, shape: [usize; N]) -> PyResult<Self> {
        let mut shape = shape.map(|length| length as npy_intp);
        // SAFETY: only looks up NumPy's array type, which lives as long as the interpreter.
        let class = unsafe { get_type_object(py, NpyTypes::PyArray_Type) };
        let dtype = numpy::dtype::<T>(py).into_dtype_ptr();
        let (own, none) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: `shape` has N entries, null strides and data ask for a C-order array with memory of its own, and the
        // reference to the dtype is given away as this function expects.
        let array = unsafe {
            PY_ARRAY_API.PyArray_NewFromDescr(py, class, dtype, N as _, shape.as_mut_ptr(), own, own.cast(), 0, none)
        };
        // SAFETY: the result is null with an exception set, or a new reference.
        let array = unsafe { Bound::from_owned_ptr_or_err(py, array) }?;
        Ok(Output(array.cast_into()?))
    }

    /// The values, to be written.
    pub fn view_mut(&mut self) -> ArrayViewMut<'_, T, Rank<N>> {
        // SAFETY: `new` made the array and no other code knows it yet. Numbers have no invalid bit patterns, and memory
        // from a foreign allocator has some value.
        unsafe { self.0.as_array_mut() }
    }

    /// The values one after the other, to be written.
    pub fn values(&mut self) -> &mut [T] {
        // C order and alignment come from `new`, so there always is a slice.
        self.view_mut().into_slice_memory_order().unwrap_or_default()
    }

    /// The array, for Python.
    pub fn into_any(self) -> Bound<'py, PyAny> {
        self.0.into_any()
    }
}
