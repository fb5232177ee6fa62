//! What a person waits for at the real window: the released app on a screen of its own, driven through WebKitWebDriver as
//! the tests of the window drive it. `cargo bench -p solti-desktop --bench window [-- NAME…]`, NAME being `start`, `list`,
//! `timeline`, `painted`, `large`, `fast`, `line` or `quiet`.
//!
//! The tasks' programs are this program again. Times of a page are the page's own: an event is over when the frame that
//! shows it has been painted. `SOLTI_BENCH_BYTES` sets how large a large log is, `SOLTI_BENCH_SECONDS` how long the fast
//! task prints. Wrong results panic; a missed aim is only marked.

mod fast_task;
#[path = "../shared/finished_tasks.rs"]
mod finished_tasks;
mod large_log;
mod long_line;
#[path = "../shared/measure.rs"]
mod measure;
mod page;
mod painted;
mod printer;
mod processes;
mod quiet;
#[path = "../../tests/support/mod.rs"]
mod support;
mod tasks;
mod timeline;

use measure::Parts;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, amount, go] = &arguments[..]
        && let Some(mode) = mode.strip_prefix("print-")
    {
        return printer::print(mode, amount.parse().expect("a number"), go.as_ref());
    }
    let Some(parts) = Parts::asked() else { return };
    let bytes = number("SOLTI_BENCH_BYTES", 1 << 30);
    let seconds = number("SOLTI_BENCH_SECONDS", 20);
    println!(
        "logs of {} MiB (SOLTI_BENCH_BYTES), a fast task for {seconds} s (SOLTI_BENCH_SECONDS)",
        bytes >> 20
    );
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        tasks::measure(&parts).await;
        if parts.wanted("timeline") {
            timeline::measure().await;
        }
        if parts.wanted("painted") {
            painted::measure().await;
        }
        if parts.wanted("large") {
            large_log::measure(bytes).await;
        }
        if parts.wanted("fast") {
            fast_task::measure(seconds).await;
        }
        if parts.wanted("line") {
            long_line::measure(bytes).await;
        }
        if parts.wanted("quiet") {
            quiet::measure().await;
        }
    });
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}
