//! Why the app could not start. Errors of calls are `solti_api::ApiError`.

#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    #[error(transparent)]
    Engine(#[from] solti_engine::EngineError),
    #[error(transparent)]
    Holding(#[from] solti_holding::HoldingError),
    #[error(
        "there is no screen to open a window on ({named}). Without one, `solti serve` runs tasks, and `solti` is the command line"
    )]
    NoScreen { named: String },
    #[error("the window system said no")]
    Window(#[from] tauri::Error),
}
