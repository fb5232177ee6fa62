//! One line without an end, in a window that follows it: whether the window answers, and what the app needs for it.

use crate::{
    measure::{Peak, median, report, share},
    page,
    printer::{Output, Printer},
    processes::Processes,
    support::Desk,
};
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;

pub async fn measure(bytes: u64) {
    let desk = Desk::new();
    let app = desk.open().await;
    let (mut longest, mut answers, mut more, mut seconds) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let printer = Printer::submit(&app, &desk, Output::LongLine(bytes)).await;
        printer.open_log(&app).await;
        app.see("follow[aria-pressed=\"true\"]").await;
        page::watch(&app).await;
        app.run("watch.frames()").await;
        let process = Processes::of(&desk).app;
        let peak = Peak::since_now(&process);
        printer.go();
        let mut slowest = Duration::ZERO;
        while printer.info(&app).await["live"] == true {
            let asked = Instant::now();
            app.run("return watch.rows().length").await;
            slowest = slowest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let printed = printer.ended(&app).await;
        app.see_true("the line", "watch.rows().some((row) => row.textContent.includes('xxx'))").await;
        longest.push(page::frames(&app).await.longest);
        answers.push(slowest.as_secs_f64() * 1e3);
        more.push(peak.more_mib());
        seconds.push(printed.seconds);
        app.look("bench-line").await;
        app.close_logs().await;
        printer.delete(&app).await;
    }
    let size = format!("{} MiB in {:.1} s", bytes >> 20, median(seconds));
    let worst = share(&mut answers, 100);
    report(
        "one line without an end, followed",
        &format!(
            "{size}; the page answers within {worst:.0} ms, longest wait for a frame {:.0} ms",
            share(&mut longest, 100)
        ),
        "within 1 s",
        worst < 1_000.0,
    );
    let more = share(&mut more, 100);
    report(
        "  memory of the app at most",
        &format!("{more:.1} MiB more"),
        "less than 16 MiB more",
        more < 16.0,
    );
    app.close_main();
    app.ended();
}
