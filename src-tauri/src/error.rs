//! Why the app could not start. Errors of calls are `solti_api::ApiError`.

#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    #[error(transparent)]
    Engine(#[from] solti_engine::EngineError),
    #[error(
        "{holder} holds the tasks in {}: stop it first, or name another folder with SOLTI_DATA_DIR",
        path.display()
    )]
    Held { holder: solti_engine::Holder, path: std::path::PathBuf },
    #[error(
        "there is no screen to open a window on ({named}). Without one, `solti serve` runs tasks, and `solti` is the command line"
    )]
    NoScreen { named: String },
    #[error("the window system said no")]
    Window(#[from] tauri::Error),
}
