//! The stories of how a list is laid out and sorted.

use crate::engine::{command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{
    ListTasks, Operations as _, PageEvents, PageRuns, ReadListLayout, SaveListLayout, TaskEvents,
};
use solti_model::{HistoryQuery, ListColumn, ListLayout, ListQuery, SortBy, TaskId};

pub async fn the_layout_of_the_list_is_kept(subject: &Subject) {
    let api = subject.desktop();
    assert_eq!(api.ask(ReadListLayout {}).await.unwrap(), ListLayout::default());
    let columns = vec![ListColumn::Exit, ListColumn::State, ListColumn::Name];
    let layout = ListLayout { columns, sort: Some(SortBy::Took), reverse: true };
    api.ask(SaveListLayout { layout: layout.clone() }).await.unwrap();
    let twice = ListLayout { columns: vec![ListColumn::Exit, ListColumn::Exit], ..ListLayout::default() };
    let refused = api.ask(SaveListLayout { layout: twice }).await.unwrap_err();
    assert!(
        matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "layout.columns"),
        "{refused:?}"
    );
    assert_eq!(api.ask(ReadListLayout {}).await.unwrap(), layout, "what is refused changes nothing");
}

pub async fn the_past_of_a_task_is_paged_and_that_of_no_task_is_not_found(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("a", command("true", &[]), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let runs = async |query| api.ask(PageRuns { id: id.clone(), query }).await;
    let events = async |query| api.ask(PageEvents { id: id.clone(), query }).await;
    let one = HistoryQuery { limit: Some(1), ..HistoryQuery::default() };
    assert_eq!((runs(one).await.unwrap().runs.len(), events(one).await.unwrap().events.len()), (1, 1));
    for (query, wrong) in [
        (HistoryQuery { limit: Some(0), ..one }, "query.limit"),
        (HistoryQuery { after: Some(5), before: Some(3), ..one }, "query.before"),
        (HistoryQuery { after: Some(5), before: Some(5), ..one }, "query.before"),
    ] {
        for refused in [runs(query).await.unwrap_err(), events(query).await.unwrap_err()] {
            assert!(
                matches!(&refused, ApiError::InvalidRequest { field, .. } if field == wrong),
                "{refused:?}"
            );
        }
    }
    let nobody = TaskId::new("nobody").unwrap();
    let refused = [
        api.ask(TaskEvents { id: nobody.clone() }).await.unwrap_err(),
        api.ask(PageEvents { id: nobody.clone(), query: one }).await.unwrap_err(),
        api.ask(PageRuns { id: nobody.clone(), query: one }).await.unwrap_err(),
    ];
    for refused in refused {
        assert_eq!(refused, ApiError::TaskNotFound { id: nobody.clone() });
    }
}

pub async fn a_list_comes_in_the_order_that_is_asked_for(subject: &Subject) {
    let api = subject.desktop();
    for name in ["b", "C", "a"] {
        let exit = if name == "C" { "7" } else { "0" };
        let run = command("sh", &["-c", &format!("exit {exit}")]);
        let id = api.submit_task(spec(name, run, json!({"labels": {"name": name}}))).await.unwrap();
        subject.engine.finished(&id).await;
    }
    let listed = async |sort, reverse| {
        let mut query = ListQuery { sort: Some(sort), reverse, limit: Some(2), ..ListQuery::default() };
        let mut names = String::new();
        loop {
            let page = api.ask(ListTasks { query: query.clone() }).await.unwrap();
            names.extend(page.rows.iter().map(|row| row.task.spec.name.as_str()));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return names;
            }
        }
    };
    assert_eq!(listed(SortBy::Created, false).await, "aCb");
    assert_eq!(listed(SortBy::Created, true).await, "bCa");
    assert_eq!(listed(SortBy::Name, false).await, "abC");
    assert_eq!(listed(SortBy::Lane, true).await, "baC");
    assert_eq!(listed(SortBy::Exit, false).await, "Cab");
    let mut query = ListQuery { sort: Some(SortBy::Name), limit: Some(1), ..ListQuery::default() };
    query.cursor = api.ask(ListTasks { query: query.clone() }).await.unwrap().next_cursor;
    query.sort = None;
    let refused = api.ask(ListTasks { query }).await.unwrap_err();
    assert!(matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "cursor"), "{refused:?}");
}
