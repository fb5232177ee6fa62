//! The line of time with ten thousand bars in view: how many frames a second are drawn while it is moved.

use crate::{
    finished_tasks::{Times, store_at},
    measure::{median, report},
    page,
    support::Desk,
};
use std::time::{SystemTime, UNIX_EPOCH};

const TASKS: u64 = 10_000;
const ROUNDS: usize = 5;
/// The line begins six hours ago.
const SPREAD_MS: u64 = 5 * 3_600_000;
const TOOK_MS: u64 = 20_000;

pub async fn measure() {
    let desk = Desk::new();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    store_at(desk.data(), TASKS, |n| {
        let started = now - SPREAD_MS + n * ((SPREAD_MS - TOOK_MS) / TASKS);
        Times { created: started, started, finished: started + TOOK_MS }
    })
    .await;
    let app = desk.open().await;
    page::mark(&app, "list drawn").await;
    app.click("open-queue").await;
    app.click("queue-timeline").await;
    app.see("timeline").await;
    // Three seconds each, at rest and moved to and fro by the wheel. It is read anew each time it rests, so a page that has not got
    // its bars yet would be measured without them: they are counted by their colours first.
    let frames = "async (n) => {
        const canvas = document.querySelector('[data-testid=timeline]');
        const filled = () => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const colours = new Map();
            for (let at = 0; at < data.length; at += 4) {
                const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
                colours.set(colour, (colours.get(colour) ?? 0) + 1);
            }
            return [...colours.values()].filter((pixels) => pixels > canvas.width).length > 3;
        };
        for (const began = performance.now(); !filled(); ) {
            if (performance.now() - began > 60000) throw new Error('no bars');
            await new Promise((done) => setTimeout(done, 50));
        }
        let drawn = 0;
        const moved = n % 2 === 1;
        const began = performance.now();
        return new Promise((done) => {
            const step = () => {
                const ms = performance.now() - began;
                if (ms > 3000) return done((drawn / ms) * 1000);
                drawn++;
                const deltaX = drawn % 60 < 30 ? 8 : -8;
                if (moved) canvas.dispatchEvent(new WheelEvent('wheel', { deltaX, bubbles: true, cancelable: true }));
                requestAnimationFrame(step);
            };
            requestAnimationFrame(step);
        });
    }";
    let found = page::times(&app, 2 * ROUNDS, frames).await;
    let every_second = |first: usize| median(found.iter().skip(first).step_by(2).copied().collect());
    let (rest, moved) = (every_second(0), every_second(1));
    report(
        "10,000 bars of the timeline while it is moved",
        &format!("{moved:.0} frames a second, {rest:.0} of the window at rest"),
        "at least 0.9 of them",
        moved >= 0.9 * rest,
    );
    app.close_main();
    app.ended();
}
