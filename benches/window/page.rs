//! What is read from a page: page.js, and its answers.

use crate::support::AppWindow;

/// Puts page.js into the current page.
pub async fn watch(app: &AppWindow<'_>) {
    app.run(include_str!("page.js")).await;
}

/// Times in milliseconds, one for each round of a JavaScript expression that gives a promise of one.
pub async fn times(app: &AppWindow<'_>, rounds: usize, round: &str) -> Vec<f64> {
    let script = format!(
        "const done = arguments[0];
         (async () => {{
             const times = [];
             for (let n = 0; n < {rounds}; n++) times.push(await ({round})(n));
             return times;
         }})().then(done, (error) => done(String(error)));"
    );
    let answer = app.run_async(&script).await;
    let times = answer.as_array().unwrap_or_else(|| panic!("no times: {answer}"));
    times.iter().map(|time| time.as_f64().expect("a number")).collect()
}

/// When the page left this mark, in milliseconds since 1970; waits for it.
pub async fn mark(app: &AppWindow<'_>, name: &str) -> f64 {
    app.see_true(&format!("the mark {name:?}"), &format!("performance.getEntriesByName('{name}').length"))
        .await;
    let script =
        format!("return performance.timeOrigin + performance.getEntriesByName('{name}')[0].startTime");
    app.run(&script).await.as_f64().expect("a number")
}

/// When the page began to load, in milliseconds since 1970.
pub async fn origin(app: &AppWindow<'_>) -> f64 {
    app.run("return performance.timeOrigin").await.as_f64().expect("a number")
}

#[derive(Debug, Clone, Copy)]
pub struct Frames {
    /// The longest time without one, in milliseconds.
    pub longest: f64,
    /// When that began, in milliseconds since 1970.
    pub longest_at: f64,
    /// How often that was more than 100 ms.
    pub long: u64,
    pub a_second: f64,
    /// In how many of them the log had moved on.
    pub moved_a_second: f64,
}

/// Since `watch.frames()` was called in the current page.
pub async fn frames(app: &AppWindow<'_>) -> Frames {
    let seen = app.run("const seen = watch.frames.seen; watch.frames.seen = null; return seen").await;
    let number = |name: &str| seen[name].as_f64().unwrap_or_else(|| panic!("no {name} in {seen}"));
    let seconds = (number("last") - number("began")) / 1e3;
    Frames {
        longest: number("longest"),
        longest_at: number("longestAt"),
        long: number("long") as u64,
        a_second: number("count") / seconds,
        moved_a_second: number("moved") / seconds,
    }
}
