//! Programs as custom calls of XLA on CPUs: a function of XLA's foreign function interface, of which `xla/ffi/api/c_api.h` is the
//! definition.
//!
//! A call has the values of all parameters and data in the order of the program, then the step; its results are the objective and the
//! gradient by each parameter. The attribute `program` is the number of the program.

#![expect(unsafe_code, reason = "the interface is one of C")]

use std::ffi::{CString, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::program::{Compiled, PyProgram};

/// The programs that XLA may call, by number. Compiled functions of JAX keep only the number, so that these live as long as the process.
static PROGRAMS: Mutex<Vec<Arc<Compiled>>> = Mutex::new(Vec::new());

/// The stage of a call in which it computes.
const EXECUTE: i32 = 3;
/// The extension by which XLA asks for the version of the interface.
const METADATA: i32 = 1;
const INVALID_ARGUMENT: i32 = 3;
/// The kind of an attribute that is one number.
const SCALAR: i32 = 3;

const S32: i32 = 4;
const S64: i32 = 5;
const U32: i32 = 8;
const U64: i32 = 9;
const F32: i32 = 11;
const F64: i32 = 12;

#[repr(C)]
struct Extension {
    struct_size: usize,
    kind: i32,
    next: *mut Extension,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Version {
    struct_size: usize,
    extension: *mut Extension,
    major: i32,
    minor: i32,
}

#[repr(C)]
struct Metadata {
    struct_size: usize,
    version: Version,
    traits: u32,
}

#[repr(C)]
struct MetadataExtension {
    base: Extension,
    metadata: *mut Metadata,
}

#[repr(C)]
struct ErrorCreate {
    struct_size: usize,
    extension: *mut Extension,
    message: *const c_char,
    code: i32,
}

#[repr(C)]
struct Api {
    struct_size: usize,
    extension: *mut Extension,
    version: Version,
    internal: *const c_void,
    error_create: unsafe extern "C" fn(*mut ErrorCreate) -> *mut c_void,
}

#[repr(C)]
struct Buffer {
    struct_size: usize,
    extension: *mut Extension,
    dtype: i32,
    data: *mut c_void,
    rank: i64,
    dims: *const i64,
}

#[repr(C)]
struct Scalar {
    dtype: i32,
    value: *const c_void,
}

/// Arguments or results.
#[repr(C)]
struct Buffers {
    struct_size: usize,
    extension: *mut Extension,
    size: i64,
    types: *const i32,
    buffers: *const *const Buffer,
}

#[repr(C)]
struct Attributes {
    struct_size: usize,
    extension: *mut Extension,
    size: i64,
    types: *const i32,
    names: *const *const c_void,
    values: *const *const c_void,
}

/// What XLA passes to a call.
#[repr(C)]
pub struct CallFrame {
    struct_size: usize,
    extension: *mut Extension,
    api: *const Api,
    context: *mut c_void,
    stage: i32,
    arguments: Buffers,
    results: Buffers,
    attributes: Attributes,
}

impl Buffers {
    /// # Safety
    /// XLA keeps the buffers for the time of a call.
    unsafe fn all(&self) -> Vec<&Buffer> {
        // SAFETY: there are `size` pointers to buffers.
        (0..self.size as usize).map(|i| unsafe { &**self.buffers.add(i) }).collect()
    }
}

impl Buffer {
    /// # Safety
    /// As of [`Buffers::all`].
    unsafe fn len(&self) -> usize {
        // SAFETY: there are `rank` dimensions.
        (0..self.rank as usize).map(|i| unsafe { *self.dims.add(i) } as usize).product()
    }

    /// # Safety
    /// As of [`Buffers::all`].
    unsafe fn values(&self) -> Result<Vec<f64>, String> {
        // SAFETY: the buffer has as many elements of this type, without gaps.
        unsafe {
            let n = self.len();
            match self.dtype {
                F32 => Ok((0..n).map(|i| f64::from(*self.data.cast::<f32>().add(i))).collect()),
                F64 => Ok((0..n).map(|i| *self.data.cast::<f64>().add(i)).collect()),
                other => Err(format!("values of type {other}")),
            }
        }
    }

    /// # Safety
    /// As of [`Buffers::all`].
    unsafe fn fill(&self, values: impl Iterator<Item = f64>) -> Result<(), String> {
        // SAFETY: as above, and the results are the call's alone.
        unsafe {
            match self.dtype {
                F32 => values.enumerate().for_each(|(i, x)| *self.data.cast::<f32>().add(i) = x as f32),
                F64 => values.enumerate().for_each(|(i, x)| *self.data.cast::<f64>().add(i) = x),
                other => return Err(format!("results of type {other}")),
            }
        }
        Ok(())
    }
}

/// # Safety
/// `value` points to a number of this type.
unsafe fn whole_number(dtype: i32, value: *const c_void) -> Result<u64, String> {
    // SAFETY: that is the condition.
    let number = unsafe {
        match dtype {
            S32 => i64::from(*value.cast::<i32>()),
            S64 => *value.cast::<i64>(),
            U32 => i64::from(*value.cast::<u32>()),
            U64 => (*value.cast::<u64>()).cast_signed(),
            other => return Err(format!("a number of type {other}")),
        }
    };
    u64::try_from(number).map_err(|_| format!("a step must not be negative, got {number}"))
}

/// # Safety
/// As of [`Buffers::all`].
unsafe fn execute(frame: &CallFrame) -> Result<(), String> {
    // SAFETY: the frame is what XLA passes.
    let (arguments, results) = unsafe { (frame.arguments.all(), frame.results.all()) };
    let attributes = &frame.attributes;
    // SAFETY: there is one attribute, which Python gives.
    let number = unsafe {
        if attributes.size != 1 || *attributes.types != SCALAR {
            return Err("the number of the program is missing".into());
        }
        let scalar = &*(*attributes.values).cast::<Scalar>();
        whole_number(scalar.dtype, scalar.value)?
    };
    let program = {
        let programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
        programs.get(number as usize).cloned().ok_or("there is no such program")?
    };
    let Some((step, values)) = arguments.split_last() else { return Err("there are no arguments".into()) };
    // SAFETY: XLA keeps the buffers for the time of the call.
    let (step, values) = unsafe {
        let step = whole_number(step.dtype, step.data)?;
        (step, values.iter().map(|buffer| buffer.values()).collect::<Result<Vec<_>, _>>()?)
    };
    let numbers = program.numbers_at(step, values)?;
    let mut rest = numbers.into_iter();
    for buffer in results {
        // SAFETY: as above.
        unsafe { buffer.fill(rest.by_ref().take(buffer.len()))? };
    }
    Ok(())
}

/// The custom call.
///
/// # Safety
/// XLA calls it with a frame of its interface.
unsafe extern "C" fn call(frame: *mut CallFrame) -> *mut c_void {
    // SAFETY: that is the condition.
    let frame = unsafe { &*frame };
    // SAFETY: an extension of this kind has these fields, and the interface is that of the caller.
    unsafe {
        if !frame.extension.is_null() && (*frame.extension).kind == METADATA {
            let metadata = (*frame.extension.cast::<MetadataExtension>()).metadata;
            (*metadata).version.major = (*frame.api).version.major;
            (*metadata).version.minor = (*frame.api).version.minor;
            (*metadata).traits = 0;
            return null_mut();
        }
    }
    if frame.stage != EXECUTE {
        return null_mut();
    }
    // SAFETY: the frame is that of a call.
    let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { execute(frame) }));
    let reason = match outcome {
        Ok(Ok(())) => return null_mut(),
        Ok(Err(reason)) => reason,
        Err(_) => "this is a bug in aleator; please report it with the program that shows it".into(),
    };
    let message = CString::new(reason.replace('\0', " ")).unwrap_or_default();
    let mut error = ErrorCreate {
        struct_size: size_of::<ErrorCreate>(),
        extension: null_mut(),
        message: message.as_ptr(),
        code: INVALID_ARGUMENT,
    };
    // SAFETY: XLA copies the message.
    unsafe { ((*frame.api).error_create)(&raw mut error) }
}

/// The custom call, for `jax.ffi.register_ffi_target`.
#[pyfunction]
pub fn xla_call(py: Python<'_>) -> PyResult<Bound<'_, PyCapsule>> {
    let function: unsafe extern "C" fn(*mut CallFrame) -> *mut c_void = call;
    let pointer = std::ptr::NonNull::new(function as *mut c_void);
    let pointer = pointer.unwrap_or_else(|| unreachable!("a function has an address"));
    // SAFETY: the function lives as long as the process.
    unsafe { PyCapsule::new_with_pointer(py, pointer, c"xla._CUSTOM_CALL_TARGET") }
}

/// The number by which XLA calls the program.
#[pyfunction]
pub fn xla_number(program: &PyProgram) -> usize {
    let compiled = program.compiled();
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = programs.iter().position(|other| Arc::ptr_eq(other, compiled));
    known.unwrap_or_else(|| {
        programs.push(compiled.clone());
        programs.len() - 1
    })
}
