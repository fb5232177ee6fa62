//! What a log is made of, in the real window: hits far in long lines, blocks that fold, records as columns, places in files; and how
//! a log window looks in both themes and at several widths.

use crate::support::Desk;
use serde_json::json;
use solti_testing::wait_until as until;
use std::fs;
use thirtyfour::Key;

const CURRENT: &str = "log-row[aria-current=\"true\"]";

/// It is within the pane, whole.
fn is_seen(element: &str) -> String {
    format!(
        "(() => {{ const [box, pane] = [document.querySelector('{element}'), document.querySelector('[data-testid=log-pane]')]
             .map((one) => one?.getBoundingClientRect());
             return box && box.width > 0 && box.top >= pane.top - 1 && box.bottom <= pane.bottom + 1
                 && box.left >= pane.left - 1 && box.right <= pane.right + 1; }})()"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_line_opens_at_the_hit_in_it() {
    let desk = Desk::new();
    let app = desk.open().await;
    let far = |sign: char| format!("head -c 30000 /dev/zero | tr '\\0' {sign}");
    let script = format!(
        "seq -f 'line %.0f of all' 1 300; {}; printf ' needle one '; {}; printf ' needle two\\n'; \
         seq -f 'line %.0f of all' 302 600; echo 'a last needle'",
        far('x'),
        far('y')
    );
    app.open_log_of(&script, "succeeded").await;
    app.see_text("log-pane", "a last needle").await;
    let hit = "[data-testid=deep-hit] .hit";
    for wrap in [false, true] {
        if wrap {
            app.run("document.querySelector('[data-testid=wrap]').click()").await;
        }
        app.write("find", "needle").await;
        app.see_text("find-status", "of 2").await;
        app.type_keys(Key::Enter).await;
        app.see_text(CURRENT, "xxxxxxxx").await;
        app.see_text("deep-hit", "needle one").await;
        app.see_true("the hit is in view", &is_seen(hit)).await;
        app.look(&format!("structure-deep-{wrap}")).await;
        // On to the next one in the line, and then to the next line.
        app.type_keys(Key::Enter).await;
        app.see_text("deep-hit", "needle two").await;
        app.see_true("the second is in view", &is_seen(hit)).await;
        app.type_keys(Key::Enter).await;
        app.see_text(CURRENT, "a last needle").await;
        app.see_none("deep-hit").await;
        app.type_chord(Key::Shift, Key::Enter).await;
        app.see_text("deep-hit", "needle two").await;
        app.press("find", || Key::Escape.into()).await;
        app.see_none("deep-hit").await;
    }
    // From the list of hits, and in the whole line.
    app.run("document.querySelector('[data-testid=find-mode-split]').click()").await;
    app.write("find", "needle two").await;
    app.see_text("hit-pane", "xxxx").await;
    app.click("hit-pane [data-testid=\"log-row\"]").await;
    app.see_text("deep-hit", "needle two").await;
    app.click("deep-hit button").await;
    app.see_true("marked there, too", "document.querySelector('[data-testid=whole-line-text] .hit')").await;
    app.look("structure-whole").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_fold_and_files_open() {
    let desk = Desk::new();
    let app = desk.open().await;
    fs::create_dir(desk.work().join("src")).expect("made");
    fs::write(desk.work().join("src/main rs.rs"), "").expect("written");
    fs::write(desk.work().join("src/main.rs"), "").expect("written");
    let script = "seq -f 'line %.0f of all' 1 20
        echo 'Traceback (most recent call last):'
        echo '  File \"src/main rs.rs\", line 3, in <module>'
        echo '    main()'
        echo 'ZeroDivisionError: division by zero'
        echo '::group::Install'; seq -f 'package %.0f' 1 200; echo '::endgroup::'
        echo '  --> src/main.rs:3:18'";
    app.open_log_of(script, "succeeded").await;
    app.see_text("log-pane", "src/main.rs:3:18").await;

    // From within the trace.
    app.press("log-pane", || "g".into()).await;
    app.click("log-row[data-row=\"22\"]").await;
    app.type_keys("z").await;
    app.see_text("folded", "3 lines folded: ZeroDivisionError").await;
    app.see_none("log-row[data-row=\"22\"]").await;
    app.see(&format!("{CURRENT}[data-row=\"20\"]")).await;
    app.look("structure-folded").await;
    // All of it is copied.
    app.type_chord(Key::Shift, Key::Down).await;
    app.type_chord(Key::Shift, Key::Up).await;
    app.type_chord(Key::Control, "c").await;
    app.see_text("notice", "Copied 4 lines").await;
    // What is folded opens for what is found in it.
    app.write("find", "in <module>").await;
    app.see_text(CURRENT, "in <module>").await;
    app.press("find", || Key::Escape.into()).await;
    app.press("log-pane", || "g".into()).await;
    app.type_chord(Key::Shift, "Z").await;
    app.see_text("notice", "Folded 2 blocks").await;
    app.see_text("log-pane", "201 lines folded").await;
    app.see_text("log-pane", "src/main.rs:3:18").await;
    app.look("structure-folded-all").await;
    app.click("folded").await;
    app.see("log-row[data-row=\"22\"]").await;

    // A place in a file opens in the editor of the settings, which is none at first.
    let place = "log-row[data-row=\"226\"] [data-file]";
    app.control_click_in(place, 8).await;
    app.see_text("notice", "no editor is chosen").await;
    let told = desk.work().join("told");
    let editor = desk.work().join("editor.sh");
    let write = format!("printf '%s\\n' \"$@\" > {0}.new; mv {0}.new {0}", told.display());
    fs::write(&editor, write).expect("written");
    app.turn_to_main().await;
    let command = format!("sh {} {{file}}:{{line}}:{{column}}", editor.display());
    let set = json!({"patch": {"editor": {"command": command}}});
    let settings = app.call("set_settings", &set.to_string()).await;
    assert_eq!(settings["editor"]["command"], command, "{settings}");
    app.turn_to_other().await;
    for (place, right, expected) in
        [(place, 8, "src/main.rs:3:18"), ("log-row[data-row=\"21\"] [data-file]", 40, "src/main rs.rs:3:1")]
    {
        app.control_click_in(place, right).await;
        until("the editor was started", || told.exists());
        let found = fs::read_to_string(&told).expect("told");
        assert_eq!(found, format!("{}/{expected}\n", desk.work().display()));
        fs::remove_file(&told).expect("removed");
    }
    // Without the modifier it is text like any other.
    app.click(place).await;
    app.see(&format!("{CURRENT}[data-row=\"226\"]")).await;
    assert!(!told.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_columns_and_the_window_looks_right_at_every_size() {
    let desk = Desk::new();
    let app = desk.open().await;
    let script = r#"i=0; while [ $i -lt 40 ]; do i=$((i+1))
            echo "{\"time\":\"2026-01-31T12:00:$((i % 50 + 10)).000Z\",\"level\":\"$( [ $((i % 9)) = 0 ] && echo error || echo info )\",\"msg\":\"request $i done\",\"reqId\":\"r-$i\",\"ms\":$((i * 7))}"
        done
        echo 'plain text between records, which is as wide as it likes to be and tells of something else'
        printf '\033[41;37m FAIL \033[0m src/app.test.ts \033[2mdim\033[0m \033[32mgreen\033[0m\n'
        echo 'warning: one on stderr' >&2
        printf 'TypeError: no\n    at handler (/srv/app/src/routes.js:14:23)\n    at main (/srv/app/src/main.js:1:1)\n'"#;
    app.open_log_of(script, "succeeded").await;
    app.see_text("log-pane", "TypeError: no").await;
    app.press("log-pane", || "c".into()).await;
    app.see("columns").await;
    app.look("structure-columns-dialog").await;
    app.write("column-name", "reqId").await;
    app.press("column-name", || Key::Enter.into()).await;
    app.click("columns-show").await;
    app.see_text("column-heads", "reqId").await;
    app.see_text("log-row[data-row=\"40\"]", "plain text between").await;
    app.press("log-pane", || "g".into()).await;
    app.see_text("log-row[data-row=\"0\"] .cell:nth-child(4)", "r-1").await;
    // A column is as wide as it is drawn, in the rows too.
    let cell = "log-row[data-row=\"0\"] .cell:nth-child(3)";
    let width =
        "document.querySelector('[data-testid=log-row][data-row=\"0\"] .cell:nth-child(3)').offsetWidth";
    let before = app.run(&format!("return {width}")).await.as_i64().expect("a number");
    app.see(cell).await;
    app.draw_right("column-heads [role=separator][aria-label$=message]", -150).await;
    app.see_true("a narrower column", &format!("{width} < {} && {width} > {}", before - 100, before - 200))
        .await;

    for theme in ["light", "dark"] {
        app.run(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        for width in [480, 960, 1600] {
            app.resize(width, 640).await;
            app.look(&format!("structure-columns-{theme}-{width}")).await;
        }
    }
    app.press("log-pane", || "c".into()).await;
    app.see_none("column-heads").await;
    for theme in ["light", "dark"] {
        app.run(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        for width in [480, 960, 1600] {
            app.resize(width, 640).await;
            app.look(&format!("structure-log-{theme}-{width}")).await;
        }
    }

    // The wheel with Control makes text larger and smaller, and F11 asks for the whole screen.
    let size = "parseFloat(getComputedStyle(document.querySelector('[data-testid=log-pane]')).fontSize)";
    let usual = app.run(&format!("return {size}")).await.as_f64().expect("a number");
    app.turn_wheel_with_control(true);
    app.see_true("larger text", &format!("{size} > {usual}")).await;
    app.turn_wheel_with_control(false);
    app.see_true("the usual text", &format!("{size} === {usual}")).await;
    let requests = app.hear_requests();
    app.type_keys(Key::F11).await;
    until("it asks for the whole screen", || requests.wants_whole_screen().expect("a screen"));
}
