//! The main window over a hundred thousand finished tasks: from the start of the app until it can be used, and pages of the
//! list.

use crate::{
    finished_tasks,
    measure::{Parts, median, report, share},
    page,
    processes::Processes,
    support::{AppWindow, Desk},
};

const TASKS: u64 = 100_000;
const STARTS: usize = 5;
const PAGES: usize = 400;
const FILTERED: usize = 100;

pub async fn measure(parts: &Parts) {
    if !parts.wanted("start") && !parts.wanted("list") {
        return;
    }
    let desk = Desk::new();
    finished_tasks::store(desk.data(), TASKS).await;
    if parts.wanted("start") {
        start(&desk).await;
    }
    if parts.wanted("list") {
        list(&desk).await;
    }
}

/// From the start of the program until the list is drawn, and from there until the form for a new task is.
async fn start(desk: &Desk) {
    let (mut drawn, mut form, mut page_began) = (vec![], vec![], vec![]);
    // The first one warms what is read.
    for round in 0..=STARTS {
        let app = desk.open().await;
        let listed = page::mark(&app, "list drawn").await;
        let rows = app.run("return document.querySelectorAll('[data-testid=task-row]').length").await;
        assert!(rows.as_u64().is_some_and(|rows| rows > 10), "{rows} rows are drawn");
        page::watch(&app).await;
        let opening = "() => watch.until(
            () => document.querySelector('[data-testid=new-task]').click(),
            () => document.querySelector('[data-testid=field-command]'))";
        let opened = page::times(&app, 1, opening).await[0];
        if round > 0 {
            let started = Processes::of(desk).started_ms();
            drawn.push(listed - started);
            page_began.push(page::origin(&app).await - started);
            form.push(opened);
        }
        app.press("field-command", || thirtyfour::Key::Escape.into()).await;
        app.see_none("submit-form").await;
        app.close_main();
        app.ended();
    }
    let mut usable: Vec<f64> = drawn.iter().zip(&form).map(|(drawn, form)| drawn + form).collect();
    let (middle, worst) = (share(&mut usable, 50), share(&mut usable, 100));
    report(
        "start to a usable window, 100,000 tasks",
        &format!(
            "{middle:.0} ms, worst {worst:.0} ms (page begun {:.0}, list drawn {:.0}, form {:.0} ms)",
            median(page_began),
            median(drawn),
            median(form)
        ),
        "below 1 s",
        middle < 1_000.0,
    );
}

/// Pages of a hundred as the page asks for them, and the list after a click on a filter.
async fn list(desk: &Desk) {
    let app = desk.open().await;
    page::mark(&app, "list drawn").await;
    page::watch(&app).await;
    pages(&app).await;
    filtered(&app).await;
    app.close_main();
    app.ended();
}

async fn pages(app: &AppWindow<'_>) {
    let asking = "async (n) => {
        const query = { phases: n % 2 ? ['failed'] : [], limit: 100 };
        const began = performance.now();
        const page = await window.__TAURI_INTERNALS__.invoke('list_tasks', { query });
        const took = performance.now() - began;
        if (page.rows.length !== 100) throw new Error(page.rows.length + ' rows');
        return took;
    }";
    let mut times = page::times(app, PAGES, asking).await;
    let (p50, p99) = (share(&mut times, 50), share(&mut times, 99));
    report(
        "a page of 100 of 100,000 tasks, to the page",
        &format!("p50 {p50:.0} ms, p99 {p99:.0} ms"),
        "p99 below 50 ms",
        p99 < 50.0,
    );
}

async fn filtered(app: &AppWindow<'_>) {
    // The list shows only failed tasks, then all of them again.
    let clicking = "(n) => {
        const rows = () => [...document.querySelectorAll('[data-testid=task-row]')];
        const failed = () => rows().length > 10 && rows().every((row) => ['failed', 'timeout'].includes(row.dataset.phase));
        const groups = [...document.querySelectorAll('nav button')];
        const group = (word) => groups.find((one) => one.textContent.trim().startsWith(word));
        return n % 2
            ? watch.until(() => group('All').click(), () => rows().length > 10 && !failed())
            : watch.until(() => group('Failed').click(), failed);
    }";
    let mut times = page::times(app, FILTERED, clicking).await;
    let (p50, p99) = (share(&mut times, 50), share(&mut times, 99));
    report(
        "  from a click on a filter to the drawn list",
        &format!("p50 {p50:.0} ms, p99 {p99:.0} ms"),
        "p99 below 50 ms",
        p99 < 50.0,
    );
}
