//! The commands that are operations of the table, one each by its name. Their arguments are the operation itself; a stream has
//! its channel beside them.

use super::args::{Api, MACHINE};
use crate::events::{Frame, Latest, Standing, Streams, To};
use crate::frames::{changes::Changes, hits::Hits};
use serde_json::Value;
use solti_api::operations::{
    Ask, DesktopApi, Download, Export, GetTaskRow, OpenMergedSearch, OpenSearch, Operation, Operations as _,
    SearchAll, SearchEvent, Topic, Visitor, WatchJobs, WatchLog, WatchTasks, WatchUsage, visit,
};
use solti_api::{ApiError, save_export};
use solti_model::{ExportedLog, JobChange, LogInfo, RunId, SearchProgress, UsageSample, read_whole};
use std::{collections::HashMap, sync::Arc};
use tauri::{
    Manager, Runtime, Webview,
    ipc::{Invoke, InvokeBody, InvokeMessage, JavaScriptChannelId},
};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

/// The argument of a stream that says where its frames go.
const CHANNEL: &str = "channel";
/// Characters of a task's name in that of a file.
const MAX_STEM: usize = 80;

type Command<R> = fn(Invoke<R>);

pub struct Commands<R: Runtime>(HashMap<&'static str, Command<R>>);

impl<R: Runtime> Default for Commands<R> {
    fn default() -> Self {
        let mut commands = Self(HashMap::new());
        visit(&mut commands);
        commands.stream::<WatchTasks, Changes>();
        commands.stream::<WatchUsage, Latest<UsageSample>>();
        commands.stream::<WatchJobs, Latest<JobChange>>();
        // Each asks the database and the log's files, and a fast task changes them all the time.
        commands.stream::<WatchLog, Standing<LogInfo>>();
        commands.stream::<SearchAll, Hits>();
        commands.add::<OpenSearch>(search::<R, OpenSearch>);
        commands.add::<OpenMergedSearch>(search::<R, OpenMergedSearch>);
        commands
    }
}

impl<R: Runtime> Commands<R> {
    pub fn get(&self, name: &str) -> Option<Command<R>> {
        self.0.get(name).copied()
    }

    fn add<O: Operation>(&mut self, command: Command<R>) {
        self.0.insert(O::NAME.word(), command);
    }

    fn stream<T: Topic, F: Frame<Item = T::Item>>(&mut self) {
        self.add::<T>(stream::<R, T, F>);
    }
}

impl<R: Runtime> Visitor for Commands<R> {
    fn ask<A: Ask>(&mut self) {
        self.add::<A>(ask::<R, A>);
    }

    /// Each by itself: what its frames hold is not said in the table.
    fn topic<T: Topic>(&mut self) {}

    fn download<D: Download>(&mut self) {
        self.add::<D>(save::<R, D>);
    }
}

/// The names of the operations in the order of the table.
pub fn names() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl Visitor for Names {
        fn ask<A: Ask>(&mut self) {
            self.0.push(A::NAME.word());
        }
        fn topic<T: Topic>(&mut self) {
            self.0.push(T::NAME.word());
        }
        fn download<D: Download>(&mut self) {
            self.0.push(D::NAME.word());
        }
    }
    let mut names = Names(vec![]);
    visit(&mut names);
    names.0
}

/// What a page asks, and whom.
struct PageRequest<R: Runtime, O> {
    webview: Webview<R>,
    api: Arc<dyn DesktopApi>,
    operation: O,
}

fn request_of<R: Runtime, O: Operation>(message: &InvokeMessage<R>) -> Result<PageRequest<R, O>, ApiError> {
    let webview = message.webview();
    let api = Api::of(message)?.into_inner();
    let mut arguments = match message.payload() {
        InvokeBody::Json(arguments) => arguments.clone(),
        InvokeBody::Raw(_) => Value::Null,
    };
    if let Value::Object(named) = &mut arguments {
        for beside in [CHANNEL, MACHINE] {
            named.remove(beside);
        }
    }
    let operation = read_whole(arguments, "arguments").map_err(ApiError::from)?;
    Ok(PageRequest { webview, api, operation })
}

fn channel<R: Runtime, F>(message: &InvokeMessage<R>) -> Result<To<F>, ApiError> {
    let named = match message.payload() {
        InvokeBody::Json(arguments) => arguments.get(CHANNEL).and_then(Value::as_str),
        InvokeBody::Raw(_) => None,
    };
    let id = named.and_then(|text| text.parse::<JavaScriptChannelId>().ok());
    let missing = || ApiError::invalid(CHANNEL, "must be a channel");
    Ok(id.ok_or_else(missing)?.channel_on(message.webview()))
}

fn ask<R: Runtime, A: Ask>(Invoke { message, resolver, .. }: Invoke<R>) {
    let request_of = request_of::<R, A>(&message);
    resolver.respond_async(async move {
        let PageRequest { api, operation, .. } = request_of?;
        Ok(api.ask(operation).await?)
    });
}

fn stream<R: Runtime, T: Topic, F: Frame<Item = T::Item>>(Invoke { message, resolver, .. }: Invoke<R>) {
    let (request_of, channel) = (request_of::<R, T>(&message), channel::<R, F>(&message));
    resolver.respond_async(async move {
        let (PageRequest { webview, api, operation }, channel) = (request_of?, channel?);
        let items = api.open(operation).await?;
        Ok(webview.state::<Streams>().open(webview.label(), items, channel))
    });
}

/// Its stream has the name of the search.
fn search<R: Runtime, T: Topic<Item = SearchEvent>>(Invoke { message, resolver, .. }: Invoke<R>) {
    let (request_of, channel) =
        (request_of::<R, T>(&message), channel::<R, Latest<SearchProgress>>(&message));
    resolver.respond_async(async move {
        let (PageRequest { webview, api, operation }, channel) = (request_of?, channel?);
        let opened = api.search(operation).await?;
        Ok(webview.state::<Streams>().open_as(opened.id, webview.label(), opened.progress, channel))
    });
}

/// The page never names a path: the person picks the file in the system's dialog.
fn save<R: Runtime, D: Download>(Invoke { message, resolver, .. }: Invoke<R>) {
    let request_of = request_of::<R, D>(&message);
    resolver.respond_async(async move {
        let PageRequest { webview, api, operation } = request_of?;
        Ok(saved(&webview, &*api, operation.into()).await?)
    });
}

/// The name of a file: that of the task, or of the first one.
async fn proposed(api: &dyn DesktopApi, what: &Export) -> String {
    let (run, ending) = match what {
        Export::ExportLog(log) if log.run.attempt <= 1 => (Some(&log.run), String::new()),
        Export::ExportLog(log) => (Some(&log.run), format!(", attempt {}", log.run.attempt)),
        Export::ExportMerged(merged) => (merged.sources.first(), " and others".to_owned()),
    };
    let Some(RunId { task, .. }) = run else { return "merged.log".to_owned() };
    // Whoever cannot say the name has other things to say when the log is request_of for.
    let row = api.ask(GetTaskRow { id: task.clone() }).await.ok().flatten();
    let name = row.map(|row| file_stem(&row.task.spec.name)).filter(|name| !name.is_empty());
    format!("{}{ending}.log", name.unwrap_or_else(|| task.to_string()))
}

/// A name as the beginning of one of a file: without what a file system or a person would take for something else.
fn file_stem(name: &str) -> String {
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let words: Vec<&str> =
        name.split(|c: char| c.is_whitespace() || odd(c)).filter(|word| !word.is_empty()).collect();
    let stem: String = words.join(" ").trim_start_matches(['.', '-', ' ']).chars().take(MAX_STEM).collect();
    stem.trim().to_owned()
}

/// Asks where to, and writes it there; `None` when the person thought better of it.
async fn saved<R: Runtime>(
    webview: &Webview<R>,
    api: &dyn DesktopApi,
    what: Export,
) -> Result<Option<ExportedLog>, ApiError> {
    let name = proposed(api, &what).await;
    let export = api.export(what).await?;
    let (picked, answer) = oneshot::channel();
    let dialog =
        webview.dialog().file().set_parent(&webview.window()).set_title("Save log").set_file_name(name);
    dialog.save_file(move |path| {
        // The command may have ended with its window.
        let _ = picked.send(path);
    });
    let Ok(Some(path)) = answer.await else { return Ok(None) };
    let path = path.into_path().map_err(|error| ApiError::internal(&error))?;
    save_export(export, &path).await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_its_task() {
        assert_eq!(file_stem("nightly build"), "nightly build");
        assert_eq!(file_stem("sh -c 'cat a/b | wc'"), "sh -c 'cat a b wc'");
        assert_eq!(file_stem("../../etc/passwd"), "etc passwd");
        assert_eq!(file_stem("--help\n"), "help");
        assert_eq!(file_stem("/"), "");
        assert_eq!(file_stem(&"\u{e4}".repeat(500)).chars().count(), MAX_STEM);
    }
}
