//! The words for what a module may not do.

use wasmtime::{Error, Trap, WasmBacktrace};

/// What was done, in a clause.
pub fn words(error: &Error) -> String {
    let Some(trap) = error.downcast_ref::<Trap>() else {
        // Of a function that WASI offers; the engine puts the place before it.
        return error.root_cause().to_string();
    };
    let words = match trap {
        Trap::UnreachableCodeReached => "it reached `unreachable`, as a panic or an abort does",
        Trap::StackOverflow => "its calls are nested too deep (call stack exhausted)",
        Trap::MemoryOutOfBounds => "it read or wrote outside of its memory",
        Trap::TableOutOfBounds | Trap::IndirectCallToNull => {
            "it called a function through an invalid pointer"
        }
        Trap::BadSignature => "it called a function through a pointer of another type",
        Trap::IntegerDivisionByZero => "it divided a whole number by zero",
        Trap::IntegerOverflow => "a whole number became larger than its type can hold",
        Trap::BadConversionToInteger => {
            "it converted to a whole number what is not a number, or is too large"
        }
        other => return other.to_string().trim_start_matches("wasm trap: ").to_owned(),
    };
    words.to_owned()
}

/// Which functions it was in, the last first.
pub fn trace(error: &Error) -> String {
    error.downcast_ref::<WasmBacktrace>().map(ToString::to_string).unwrap_or_default()
}
