//! An app that nobody touches: how often its processes wake up, and what memory they take. With nothing stored, and with 9,000
//! tasks that have printed one line each: right after a start, and once what is put in order after a start has been.

use crate::{
    measure::{report, slept_since},
    page,
    processes::Processes,
    support::{AppWindow, Desk},
};
use std::time::Duration;

const TASKS: usize = 9_000;
/// Submitted by one script.
const AT_ONCE: usize = 500;
/// After a start, until only what goes on for ever does.
const SETTLED: Duration = Duration::from_secs(30);
const WATCHED: Duration = Duration::from_secs(20);
const MIB: f64 = 1024.0;

pub async fn measure() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.see_spare().await;
    settled(&desk, "nothing stored", 170.0).await;

    fill(&app).await;
    app.close_main();
    app.ended();
    let app = desk.open().await;
    page::mark(&app, "list drawn").await;
    app.see_spare().await;
    let wakes = wakes_a_second(&desk).await;
    report(
        "wake-ups after a start, 9,000 tasks",
        &format!("{wakes:.1} a second"),
        "at most 50",
        wakes <= 50.0,
    );
    settled(&desk, "9,000 finished tasks", 190.0).await;
    app.close_main();
    app.ended();
}

async fn settled(desk: &Desk, what: &str, most_mib: f64) {
    tokio::time::sleep(SETTLED).await;
    let wakes = wakes_a_second(desk).await;
    report(&format!("wake-ups, {what}"), &format!("{wakes:.1} a second"), "at most 5", wakes <= 5.0);
    let processes = Processes::of(desk);
    let memory = processes.memory();
    let all = (memory.app + memory.pages + processes.helpers_kib()) / MIB;
    let figure = format!(
        "{all:.0} MiB: app {:.0}, pages {:.0} (llvmpipe's code {:.0} of all)",
        memory.app / MIB,
        memory.pages / MIB,
        processes.mapped_kib("libLLVM") / MIB
    );
    report(&format!("memory, {what}"), &figure, &format!("at most {most_mib} MiB"), all <= most_mib);
}

async fn wakes_a_second(desk: &Desk) -> f64 {
    let processes = Processes::of(desk);
    let before = processes.sleeps();
    tokio::time::sleep(WATCHED).await;
    // A thread that ends meanwhile takes what it did with it.
    slept_since(&before, &processes.sleeps()) as f64 / WATCHED.as_secs_f64()
}

/// Runs the tasks, and waits until all have ended.
async fn fill(app: &AppWindow<'_>) {
    let submitting = "async (n) => {
        const invoke = window.__TAURI_INTERNALS__.invoke;
        const mode = { command: { command: 'echo', args: ['line ' + n] } };
        await invoke('submit_task', { spec: { slot: 'lane-' + n, kind: { subprocess: { mode } } } });
        return 0;
    }";
    // A script of the driver has a minute.
    for _ in 0..TASKS / AT_ONCE {
        page::times(app, AT_ONCE, submitting).await;
    }
    let ended = format!(
        "async () => {{
            const invoke = window.__TAURI_INTERNALS__.invoke;
            const query = {{ phases: ['succeeded'], limit: 1 }};
            while ((await invoke('list_tasks', {{ query }})).total < {TASKS}) await new Promise((go) => setTimeout(go, 200));
            return 0;
        }}"
    );
    page::times(app, 1, &ended).await;
}
