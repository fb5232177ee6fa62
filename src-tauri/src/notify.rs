//! Tells the desktop of tasks of this machine that failed, or finished after a while, when nobody looks at the app. Without a
//! notification service nobody hears it, which is no error. Which tasks, and in which words, is `solti-notices`'.

use futures::StreamExt;
use notify_rust::Notification;
use solti_api::SettingsAccess;
use solti_machines::Machines;
use solti_notices::{Notice, notices};
use std::sync::Arc;
use tauri::{AppHandle, Manager, Runtime, async_runtime::spawn};

/// Follows the tasks until the engine ends.
pub fn start<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn(async move {
        let here = Arc::clone(app.state::<Arc<Machines>>().here());
        let settings = app.state::<Arc<dyn SettingsAccess>>().watch_settings();
        let mut notices = std::pin::pin!(notices(&*here, settings));
        while let Some(notices) = notices.next().await {
            let looked_at = app.webview_windows().values().any(|window| window.is_focused().unwrap_or(false));
            if !looked_at {
                for notice in notices {
                    show(notice).await;
                }
            }
        }
    });
}

async fn show(Notice { title, body, .. }: Notice) {
    let shown =
        Notification::new().appname("Solti").summary(&title).body(&as_markup(&body)).show_async().await;
    if let Err(error) = shown {
        tracing::debug!("no notification service: {error}");
    }
}

/// A text as the markup that the body of a notification is: what a task has written must not become links and pictures.
fn as_markup(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '\n' | '\t' => markup.push(c),
            c if c.is_control() => markup.push('\u{fffd}'),
            c => markup.push(c),
        }
    }
    markup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_says_is_no_markup() {
        let said = "<img src=\"file:///etc/passwd\"/> & <a href='x'>y</a>\x1b[31m\n2 > 1";
        let shown = "&lt;img src=\"file:///etc/passwd\"/&gt; &amp; &lt;a href='x'&gt;y&lt;/a&gt;\u{fffd}[31m\n2 &gt; 1";
        assert_eq!(as_markup(said), shown);
    }
}
