//! Tasks that print: the program they run, which is this one again, and how they are submitted and waited for.

use crate::support::{AppWindow, Desk};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::Write,
    os::fd::AsFd,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const BLOCK: usize = 64 << 10;
/// With its newline.
const LINE: usize = 80;
/// Lines of the fast task in a millisecond.
const FAST: u64 = 1_000;
/// No task of the benchmark takes longer.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Clone, Copy)]
pub enum Output {
    /// So many lines, each with its number and when it was written, one every millisecond.
    Paced(u64),
    /// A million numbered lines a second for so many seconds.
    Fast(u64),
    /// So many bytes in lines of 80, as fast as they are taken.
    Bulk(u64),
    /// So many bytes without a newline.
    LongLine(u64),
}

impl Output {
    fn arguments(self) -> [String; 2] {
        let (mode, amount) = match self {
            Self::Paced(lines) => ("paced", lines),
            Self::Fast(seconds) => ("fast", seconds),
            Self::Bulk(bytes) => ("bulk", bytes),
            Self::LongLine(bytes) => ("line", bytes),
        };
        [format!("print-{mode}"), amount.to_string()]
    }
}

/// What the program says of itself at its end, and how many rows its log has.
#[derive(Debug, Clone, Copy)]
pub struct Printed {
    pub lines: u64,
    pub bytes: u64,
    pub seconds: f64,
    pub rows: u64,
}

/// A task that waits for [`Printer::go`] before it prints.
pub struct Printer {
    pub id: String,
    go: PathBuf,
}

impl Printer {
    pub async fn submit(app: &AppWindow<'_>, desk: &Desk, output: Output) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let go = desk.work().join(format!("go-{}", COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
        let program = std::env::current_exe().expect("this program");
        let [mode, amount] = output.arguments();
        let args = json!([mode, amount, go]);
        let command = json!({"command": {"command": program, "args": args}});
        let spec = json!({"slot": "print", "kind": {"subprocess": {"mode": command}}, "admission": "queue"});
        let id = app.call("submit_task", &json!({"spec": spec}).to_string()).await;
        Self { id: id.as_str().unwrap_or_else(|| panic!("not submitted: {id}")).to_owned(), go }
    }

    pub fn go(&self) {
        fs::write(&self.go, "").expect("written");
    }

    /// Waits until the program has printed everything and the task has succeeded; asked in whatever window is current.
    pub async fn ended(&self, app: &AppWindow<'_>) -> Printed {
        let limit = Instant::now() + PATIENCE;
        loop {
            let task = app.call("get_task_status", &json!({"id": self.id}).to_string()).await;
            match task["status"]["phase"].as_str() {
                Some("succeeded") => break,
                Some("pending" | "running") => assert!(Instant::now() < limit, "still printing: {task}"),
                _ => panic!("it did not print: {task}"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let text = fs::read_to_string(self.go.with_extension("printed")).expect("the program has said it");
        let said: Vec<f64> = text.split(' ').map(|number| number.parse().expect("a number")).collect();
        let (lines, bytes) = (said[0] as u64, said[1] as u64);
        let stored = self.info(app).await;
        let (rows, in_log) = (number(&stored["rows"]), number(&stored["bytes"]));
        // A line that comes in parts has newlines of the log's own in between, each of which ends a row.
        let own = in_log.checked_sub(bytes).unwrap_or_else(|| panic!("{bytes} bytes were printed: {stored}"));
        assert!(rows == lines + own || lines == 0 && own < rows, "{lines} lines were printed: {stored}");
        Printed { lines, bytes, seconds: said[2], rows }
    }

    pub async fn info(&self, app: &AppWindow<'_>) -> Value {
        app.call("get_log_info", &json!({"run": {"id": self.id, "attempt": 1}}).to_string()).await
    }

    /// Opens the log's window and turns to it.
    pub async fn open_log(&self, app: &AppWindow<'_>) {
        app.turn_to_main().await;
        app.call("open_log_window", &json!({"id": self.id, "attempt": null, "row": null}).to_string()).await;
        self.turn_to_log(app).await;
    }

    pub async fn turn_to_log(&self, app: &AppWindow<'_>) {
        app.turn_to(&format!("view=log&task={}", self.id)).await;
    }

    pub async fn delete(&self, app: &AppWindow<'_>) {
        let answer = app.call("delete_task", &json!({"id": self.id}).to_string()).await;
        assert!(answer.get("refused").is_none(), "not deleted: {answer}");
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// A line of the fast task.
pub fn fast_line(n: u64) -> String {
    format!("line {n:010} of the fast task")
}

/// The program of such a task.
pub fn print(mode: &str, amount: u64, go: &Path) {
    // Past the buffer of `Stdout`, which ends at each line.
    let mut out = File::from(std::io::stdout().as_fd().try_clone_to_owned().expect("stdout"));
    let limit = Instant::now() + PATIENCE;
    while !go.exists() {
        assert!(Instant::now() < limit, "nobody said go");
        thread::sleep(Duration::from_millis(2));
    }
    let mut line = [b'x'; LINE];
    line[LINE - 1] = b'\n';
    let (mut lines, mut bytes) = (0, 0);
    let began = Instant::now();
    let mut write = |block: &[u8], more: u64| {
        out.write_all(block).expect("somebody reads");
        lines += more;
        bytes += block.len() as u64;
    };
    match mode {
        "paced" => {
            for n in 0..amount {
                wait_for(began, n);
                write(format!("{n} {:.3}\n", now_ms()).as_bytes(), 1);
            }
        }
        "fast" => {
            let mut block = Vec::new();
            for tick in 0..amount * 1_000 {
                wait_for(began, tick);
                block.clear();
                for n in tick * FAST..(tick + 1) * FAST {
                    writeln!(block, "{}", fast_line(n)).expect("into memory");
                }
                write(&block, FAST);
            }
        }
        "bulk" | "line" => {
            let block: Vec<u8> = match mode {
                "bulk" => line.iter().copied().cycle().take(BLOCK / LINE * LINE).collect(),
                _ => vec![b'x'; BLOCK],
            };
            let in_block = if mode == "bulk" { block.len() / LINE } else { 0 };
            for _ in 0..amount / BLOCK as u64 {
                write(&block, in_block as u64);
            }
        }
        _ => unreachable!("a mode of this program"),
    }
    let said = format!("{lines} {bytes} {}", began.elapsed().as_secs_f64());
    fs::write(go.with_extension("printed"), said).expect("written");
}

/// Until so many milliseconds have passed; at once when they have.
fn wait_for(began: Instant, ms: u64) {
    thread::sleep((began + Duration::from_millis(ms)).saturating_duration_since(Instant::now()));
}

/// Since 1970, as a page counts.
pub fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64() * 1e3
}
