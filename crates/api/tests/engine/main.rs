//! The whole engine: the real supervisor, store, shim and processes, one subject a file. One program, because each would link all
//! of it anew; what is of a whole process (limits, its log, fail points) is tested by programs of its own beside it.

#[path = "../common/mod.rs"]
mod common;
#[path = "../engine_process/mod.rs"]
mod engine_process;

mod clock;
mod conditions;
mod crash_loop;
mod damaged;
mod data_folder;
mod disk;
mod guards;
mod hooks;
mod hostile_output;
mod job_secrets;
mod jobs;
mod log_resume;
mod logs;
mod many_attempts;
mod many_tasks;
mod masked;
mod out_of_sight;
mod process_tree;
mod queueing;
mod read_errors;
mod recovery;
mod refused_for_now;
mod replace;
mod resources;
mod restored;
mod retention;
mod run_environment;
mod silence;
mod skip_filters;
mod slow_reader;
mod spare_folders;
mod stories;
mod unstorable;
