//! What no runner of this build can run.

/// A kind of task that no runner of this build can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedKind {
    /// [`TaskKind::Container`](solti_model::TaskKind::Container).
    #[error("container tasks cannot be run by this version; use a command or a script")]
    Container,
    /// [`TaskKind::Wasm`](solti_model::TaskKind::Wasm).
    #[error("WebAssembly tasks cannot be run by this version; use a command or a script")]
    Wasm,
}
