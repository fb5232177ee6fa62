//! The log window as a person uses it, on logs that real tasks print: moving, following and yielding, finding and
//! filtering, selecting across a scroll, and staying alive while a task prints as fast as it can.

use crate::support::Desk;
use std::fs;
use thirtyfour::Key;

/// Prints numbered lines, then more once `go` is there; ends by itself after a minute, whatever becomes of the test.
fn printer(before: u32, after: u32) -> String {
    format!(
        "seq -f 'line %.0f of all' 1 {before}; i=0; while [ ! -e go ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); \
         done; seq -f 'late %.0f of all' 1 {after}"
    )
}

fn go(desk: &Desk) {
    fs::write(desk.work().join("go"), "").expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_followed_until_one_scrolls_up_and_again_from_its_end() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.open_log_of(&printer(100_000, 500), "running").await;
    app.see_text("log-pane", "line 100000 of all").await;

    app.press("log-pane", || Key::Home.into()).await;
    app.see_text("log-row", "line 1 of all").await;
    app.see("follow[aria-pressed=\"false\"]").await;
    go(&desk);
    app.see_text("new-lines", "500 new lines").await;
    app.see_text("log-row", "line 1 of all").await;
    app.look("log-yields").await;

    app.press("log-pane", || Key::End.into()).await;
    app.see_text("log-pane", "late 500 of all").await;
    app.see("follow[aria-pressed=\"true\"]").await;
    app.see("log-end").await;

    // Another size: as many rows as fit, and the end still in view.
    let rows = "document.querySelectorAll('[data-testid=log-row]').length";
    let before = app.run(&format!("return {rows}")).await.as_u64().expect("a number");
    app.resize(900, 360).await;
    app.see_true("fewer rows", &format!("{rows} > 0 && {rows} < {before}")).await;
    app.see_text("log-pane", "late 500 of all").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_prints_as_fast_as_it_can_leaves_the_window_alive() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.open_log_of(&printer(10, 5_000_000), "running").await;
    app.see_text("log-pane", "line 10 of all").await;
    // The longest time in which the page could do nothing, and the most rows it had drawn.
    app.run(
        "window.longest = 0; window.most = 0; let last = performance.now();
         const look = () => {
             const now = performance.now();
             window.longest = Math.max(window.longest, now - last);
             window.most = Math.max(window.most, document.querySelectorAll('[data-testid=log-row]').length);
             last = now;
             setTimeout(look, 5);
         };
         look();",
    )
    .await;
    go(&desk);
    app.see_text("log-pane", "late 5000000 of all").await;
    app.see_text("log-extent", "5,000,010 lines").await;
    app.look("log-fast").await;
    let longest = app.run("return window.longest").await.as_f64().expect("a number");
    let most = app.run("return window.most").await.as_u64().expect("a number");
    println!("the page stood still for {longest:.0} ms at most");
    // Far above what it takes, for a machine that does other things: a page that holds the log would take seconds.
    assert!(longest < 2_000.0, "the page stood still for {longest:.0} ms");
    assert!(most < 200, "{most} rows were drawn at once");

    app.press("log-pane", || Key::Home.into()).await;
    app.see_text("log-row", "line 1 of all").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_for_is_found_filtered_and_marked() {
    let desk = Desk::new();
    let app = desk.open().await;
    let script = "seq -f 'line %.0f of all' 1 40000 | sed -e '0~1000s/$/ needle/' \
                  -e '20500s/$/ and so on and on and on and on and on and on and on and on and on and on and on and far/'
                  echo 'error: at the end' >&2";
    app.open_log_of(script, "succeeded").await;
    app.see_text("log-pane", "line 40000 of all").await;

    app.write("find", "needle").await;
    app.see_text("find-status", "40 of 40").await;
    app.press("find", || Key::Enter.into()).await;
    app.see_text("find-status", "1 of 40").await;
    app.see_text("log-row[aria-current=\"true\"]", "line 1000 of all").await;
    app.see("log-row[aria-current=\"true\"] .hit").await;
    app.press("find", || Key::Shift + Key::Enter).await;
    app.see_text("find-status", "40 of 40").await;
    app.look("log-find").await;

    app.run("document.querySelector('[data-testid=find-mode-filter]').click()").await;
    app.see_text("log-extent", "40 of 40,001 lines").await;
    let rows = "[...document.querySelectorAll('[data-testid=log-row]')]";
    app.see_true(
        "only hits",
        &format!("{rows}.length > 10 && {rows}.every((row) => row.textContent.includes('needle'))"),
    )
    .await;
    app.look("log-filter").await;

    // A hit that is beside the view is brought into it.
    app.resize(480, 400).await;
    app.run("document.querySelector('[data-testid=find-mode-highlight]').click()").await;
    app.write("find", "and far").await;
    let edge = "document.querySelector('[data-testid=log-pane]').getBoundingClientRect().right";
    app.see_true(
        "the hit",
        &format!("document.querySelector('.hit')?.getBoundingClientRect().right < {edge}"),
    )
    .await;
    app.look("log-aside").await;

    app.press("find", || Key::Escape.into()).await;
    app.see_text("log-extent", "40,001 lines").await;
    // Back at the end, where the search began.
    app.see("follow[aria-pressed=\"true\"]").await;
    app.press("log-pane", || "e".into()).await;
    app.see_text("log-row[aria-current=\"true\"]", "error: at the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_lasts_over_a_scroll_and_is_copied_whole() {
    let desk = Desk::new();
    let app = desk.open().await;
    app.open_log_of("seq -f 'line %.0f of all' 1 40000", "succeeded").await;
    app.see_text("log-pane", "line 40000 of all").await;
    app.press("log-pane", || Key::Home.into()).await;
    app.see_text("log-row", "line 1 of all").await;

    app.click_edge("log-row .text", false, false).await;
    // A row that is not cut off by the edge.
    let row = "Number(document.querySelectorAll('[data-testid=log-row]')[5].dataset.row)";
    let at = async || app.run(&format!("return {row}")).await.as_u64().expect("a number");
    let mut last = at().await;
    while last <= 300 {
        app.press("log-pane", || Key::PageDown.into()).await;
        // It has moved, and stands.
        let stands = format!(
            "(() => {{ const [before, now] = [window.rowBefore, {row}]; window.rowBefore = now; return now > {last} && now === before; }})()"
        );
        app.see_true("the next page", &stands).await;
        last = at().await;
    }
    app.click_edge(&format!("log-row[data-row=\"{last}\"] .text"), true, true).await;
    app.see(&format!("log-row[data-row=\"{last}\"] .selected")).await;
    app.look("log-selected").await;
    app.press("log-pane", || Key::Control + "c").await;
    // The text is fetched first.
    app.see_text("notice", "Copied").await;

    // What is on the clipboard, as a field takes it.
    app.press("find", || Key::Control + "v").await;
    app.see_true("something pasted", "document.querySelector('[data-testid=find]').value.length > 0").await;
    let pasted = app.run("return document.querySelector('[data-testid=find]').value").await;
    let pasted: String = pasted.as_str().expect("text").split_whitespace().collect();
    let selected: String = (1..=last + 1).map(|n| format!("line{n}ofall")).collect();
    assert_eq!(pasted, selected);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_logs_are_read_and_searched_as_one() {
    let desk = Desk::new();
    let app = desk.open().await;
    let mut sources = Vec::new();
    for name in ["apple", "pear"] {
        let script = format!("seq -f '{name} %.0f of all' 1 3000 | sed '0~1000s/$/ needle/'");
        fs::write(desk.work().join(format!("{name}.sh")), script).expect("written");
        let id = app.submit(&format!("sh {name}.sh")).await;
        app.see_phase(&id, "succeeded").await;
        sources.push(format!("{{ id: '{id}', attempt: 1 }}"));
    }
    app.call("open_merged_window", &format!("{{ sources: [{}] }}", sources.join(", "))).await;
    app.turn_to_other().await;
    app.see_text("log-extent", "6,000 lines").await;
    app.see_text("log-pane", "pear 3000 of all").await;
    app.see("minimap").await;

    app.write("find", "needle").await;
    app.see_text("find-status", "6 of 6").await;
    app.press("find", || Key::Enter.into()).await;
    app.see_text("find-status", "1 of 6").await;
    app.see_text("log-row[aria-current=\"true\"]", "apple 1000 of all").await;
    app.see("log-row[aria-current=\"true\"] .hit").await;
    app.look("merged-find").await;
    app.run("document.querySelector('[data-testid=find-mode-filter]').click()").await;
    app.see_text("log-extent", "6 of 6,000 lines").await;
    let rows = "[...document.querySelectorAll('[data-testid=log-row]')]";
    let found = "['apple 1', 'apple 2', 'apple 3', 'pear 1', 'pear 2', 'pear 3']";
    let expected = format!(
        "{rows}.length === 6 && {found}.every((text, i) => {rows}[i].textContent.includes(text + '000 of all needle'))"
    );
    app.see_true("the hits of both in the order of time", &expected).await;
    app.look("merged-filter").await;
    app.press("find", || Key::Escape.into()).await;
    app.see_text("log-pane", "pear 3000 of all").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_logs_show_one_stream_are_marked_and_saved_as_one() {
    let desk = Desk::new();
    let app = desk.open().await;
    let (mut ids, mut sources) = (Vec::new(), Vec::new());
    for name in ["apple", "pear"] {
        let script = format!("seq -f '{name} %.0f of all' 1 2000; echo 'error: {name} broke' >&2");
        fs::write(desk.work().join(format!("{name}.sh")), script).expect("written");
        let id = app.submit(&format!("sh {name}.sh")).await;
        app.see_phase(&id, "succeeded").await;
        sources.push(format!("{{ id: '{id}', attempt: 1 }}"));
        ids.push(id);
    }
    app.call("open_merged_window", &format!("{{ sources: [{}] }}", sources.join(", "))).await;
    app.turn_to_other().await;
    app.see_text("log-extent", "4,002 lines").await;
    app.click("stream").await;
    app.click("stream-stderr").await;
    app.see_text("log-extent", "2 of 4,002 lines").await;
    let rows = "[...document.querySelectorAll('[data-testid=log-row]')]";
    let both = format!(
        "{rows}.length === 2 && ['apple', 'pear'].every((name, i) => {rows}[i].textContent.includes(`error: ${{name}} broke`))"
    );
    app.see_true("what both said on stderr", &both).await;
    // A row of the second log is marked where its own task keeps it.
    app.run(
        "document.querySelectorAll('[data-testid=log-row]')[1].dispatchEvent(
            new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 200, clientY: 100 }))",
    )
    .await;
    app.click("row-bookmark").await;
    app.see("log-row .flag").await;
    let marks = app.call("list_bookmarks", &format!("{{ id: '{}' }}", ids[1])).await;
    assert_eq!(marks[0]["row"], 2000, "{marks}");
    app.look("merged-stderr").await;

    app.press("log-pane", || Key::Control + "s").await;
    let found = desk.work().join("found.log");
    app.save_as(&found);
    let told = app.see_text("notice", "Saved 2 lines").await;
    assert!(told.contains(found.to_str().expect("ASCII")), "{told}");
    let expected = "sh apple.sh: error: apple broke\nsh pear.sh: error: pear broke\n";
    assert_eq!(fs::read_to_string(&found).expect("saved"), expected);

    app.click("stream").await;
    app.click("stream-both").await;
    app.see_text("log-extent", "4,002 lines").await;
    // A time before all of them leads to the first line.
    app.press("log-pane", || Key::Control + "g").await;
    app.write("line-field", "2001-01-01 12:00").await;
    app.look("merged-go-to").await;
    app.press("line-field", || Key::Enter.into()).await;
    app.see_text("log-row[aria-current=\"true\"]", "apple 1 of all").await;
    app.press("log-pane", || "e".into()).await;
    app.see_text("log-row[aria-current=\"true\"]", "error: apple broke").await;
    app.press("log-pane", || "]".into()).await;
    app.see_text("log-row[aria-current=\"true\"]", "error: pear broke").await;
    app.click("more").await;
    app.click("bookmarks").await;
    app.see_text("bookmark", "sh pear.sh").await;
    app.look("merged-bookmarks").await;

    app.press("log-pane", || Key::Control + "s").await;
    let all = desk.work().join("all.log");
    app.save_as(&all);
    app.see_text("notice", "Saved 4,002 lines").await;
    let saved = fs::read_to_string(&all).expect("saved");
    let lines: Vec<&str> = saved.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4_002, "sh apple.sh: apple 1 of all"));
    assert_eq!(lines[4_000..], ["sh pear.sh: pear 2000 of all", "sh pear.sh: error: pear broke"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_is_shown_with_the_lines_around_it_and_colours_go_on() {
    let desk = Desk::new();
    let app = desk.open().await;
    // Red from line 900 on; line 1000 and what is far from it is reached by a jump.
    let script = "seq -f 'line %.0f of all' 1 2000 | sed -e '900s/^/\x1b[31m/' -e '1000s/$/ needle/' -e '1100s/$/\x1b[0m/'";
    app.open_log_of(script, "succeeded").await;
    app.see_text("log-pane", "line 2000 of all").await;
    let color = |row: u32| {
        let span = format!("document.querySelector('[data-row=\"{row}\"] .text span')");
        format!("getComputedStyle({span} ?? document.body).color")
    };
    let plain = app.run(&format!("return {}", color(1999))).await;

    app.run("document.querySelector('[data-testid=find-mode-filter]').click()").await;
    app.write("find", "needle").await;
    app.see_text("log-extent", "1 of 2,000 lines").await;
    app.see_true("red where it was switched on far above", &format!("{} !== {plain}", color(999))).await;
    let red = app.run(&format!("return {}", color(999))).await;
    app.run(
        "document.querySelector('[data-row=\"999\"]').dispatchEvent(
            new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 200, clientY: 100 }))",
    )
    .await;
    app.click("show-around").await;
    app.see_text("log-row[data-row=\"1002\"]", "line 1003 of all").await;
    app.see_true("as red around it", &format!("{} === {red}", color(1002))).await;
    app.look("log-around").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_marked_noted_and_linked_and_stays_in_view_when_rows_rewrap() {
    let desk = Desk::new();
    let app = desk.open().await;
    let script = "seq -f 'line %.0f of all, with many words so that it takes more than one row of a narrow window' 1 3000";
    let id = app.open_log_of(script, "succeeded").await;
    app.see_text("log-pane", "line 3000 of all").await;
    app.run("document.querySelector('[data-testid=wrap]').click()").await;
    app.press("log-pane", || Key::Control + "g").await;
    app.write("line-field", "1500").await;
    app.press("line-field", || Key::Enter.into()).await;
    app.see_text("log-row[aria-current=\"true\"]", "line 1500 of all").await;

    // The first row stays the first, whatever the others wrap to.
    let first = "document.querySelector('[data-testid=log-row]')?.dataset.row";
    let height = "document.querySelector('[data-row=\"1499\"]')?.offsetHeight";
    app.resize(960, 640).await;
    app.see_text("log-row[aria-current=\"true\"]", "line 1500 of all").await;
    let top = app.run(&format!("return {first}")).await;
    let before = app.run(&format!("return {height}")).await;
    app.resize(460, 600).await;
    app.see_true("taller rows", &format!("{height} > {before}")).await;
    app.see_true("the same first row", &format!("{first} === {top}")).await;
    app.look("log-rewrapped").await;
    app.resize(960, 640).await;
    app.see_true("rows as before", &format!("{height} === {before} && {first} === {top}")).await;

    app.press("log-pane", || "b".into()).await;
    app.see("log-row[data-row=\"1499\"] .flag").await;
    app.click("more").await;
    app.click("bookmarks").await;
    app.see("bookmark-panel").await;
    app.run(
        "const note = document.querySelector('[data-testid=bookmark-panel] input');
         note.value = 'here it began';
         note.dispatchEvent(new Event('change', { bubbles: true }));",
    )
    .await;
    app.press("log-pane", || Key::End.into()).await;
    app.see_text("log-pane", "line 3000 of all").await;
    app.press("log-pane", || "[".into()).await;
    app.see_text("log-row[aria-current=\"true\"]", "line 1500 of all").await;
    let marks = app.call("list_bookmarks", &format!("{{ id: '{id}' }}")).await;
    assert_eq!((&marks[0]["row"], &marks[0]["note"]), (&1499.into(), &"here it began".into()), "{marks}");
    app.run(
        "document.querySelector('[data-row=\"1499\"]').dispatchEvent(
            new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 200, clientY: 100 }))",
    )
    .await;
    app.click("copy-link").await;
    app.see_text("notice", &format!("solti://log/{id}/1/1499")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_logs_are_searched_and_a_hit_opens_its_log_there() {
    let desk = Desk::new();
    let app = desk.open().await;
    for name in ["apple", "pear"] {
        let script = format!("seq -f '{name} %.0f of all' 1 3000 | sed '0~1000s/$/ needle/'");
        fs::write(desk.work().join(format!("{name}.sh")), script).expect("written");
        let id = app.submit(&format!("sh {name}.sh")).await;
        app.see_phase(&id, "succeeded").await;
    }
    app.run(
        "window.dispatchEvent(new KeyboardEvent('keydown', { key: 'F', ctrlKey: true, shiftKey: true }))",
    )
    .await;
    app.write("all-logs-field", "needle").await;
    app.see_text("all-logs-status", "6 lines in 2 runs").await;
    // Newest first.
    app.see_text("all-logs-run", "pear 1000 of all needle").await;
    app.look("all-logs").await;
    app.press("all-logs-field", || Key::Enter.into()).await;
    app.turn_to_other().await;
    app.see_text("log-row[aria-current=\"true\"]", "pear 1000 of all needle").await;
    app.see_text("find-status", "1 of 3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_counted_read_in_its_encoding_and_listed_below_itself() {
    let desk = Desk::new();
    let app = desk.open().await;
    // windows-1251, with an error and two warnings; and what a filter is asked to leave out.
    let script = r#"seq -f 'line %.0f of all' 1 500
        printf 'error: \316\370\350\341\352\340 \367\362\345\355\350\377 \364\340\351\353\340\n'
        printf 'warning: slow\nGET /health 200\n{"level":40,"id":12345678901234567890,"msg":"full"}\nGET /a 200\n'
        seq -f 'line %.0f of all' 501 900"#;
    app.open_log_of(script, "succeeded").await;
    app.see_text("error-count", "1 error").await;
    app.see_text("warning-count", "2 warnings").await;
    app.see_text("encoding", "windows-1251, guessed").await;
    app.click("error-count").await;
    app.see_text("log-row[aria-current=\"true\"]", "\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430}").await;

    // Found in that encoding, also below the log.
    app.run("document.querySelector('[data-testid=find-mode-split]').click()").await;
    app.write("find", "\u{43e}\u{448}\u{438}\u{431}\u{43a}\u{430}").await;
    app.see_text("hit-pane", "\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430}").await;
    app.see_text("find-status", "1 of 1").await;
    app.look("log-encoding").await;
    for width in [480, 960, 1600] {
        app.resize(width, 640).await;
        app.look(&format!("log-below-{width}")).await;
    }

    // The same bytes in another encoding are other words, and back.
    app.click("encoding").await;
    app.look("log-encodings").await;
    app.click("encoding-KOI8-U").await;
    app.see_text("encoding", "KOI8-U").await;
    app.see_text("find-status", "No hits").await;
    app.click("encoding").await;
    app.click("encoding-auto").await;
    app.see_text("find-status", "1").await;

    // A pattern and what is left out beside it; what was looked for before comes back.
    app.run("document.querySelector('[data-testid=find-mode-filter]').click()").await;
    app.write("find", "GET").await;
    app.see_text("log-extent", "2 of 905 lines").await;
    app.click("find-more").await;
    app.click("find-leave-out").await;
    app.write("find-exclude", "/health").await;
    app.see_text("log-extent", "1 of 905 lines").await;
    app.click("find-more").await;
    app.click("find-around-3").await;
    app.see_text("log-pane", "line 503 of all").await;
    app.look("log-around-all").await;
    app.press("find-exclude", || Key::Escape.into()).await;

    // A record field by field.
    app.write("find", "full").await;
    let found = "log-row[data-place=\"0\"]";
    app.see_text(found, "\"full\"").await;
    app.click(found).await;
    app.press("log-pane", || "x".into()).await;
    app.see_text("record", "id: 12345678901234567890").await;
    app.look("log-record").await;
}
