//! The stories of how a list is laid out and sorted.

use crate::engine::{command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::ApiError;
use solti_api::operations::{ListTasks, Operations as _, ReadListLayout, SaveListLayout};
use solti_model::{ListColumn, ListLayout, ListQuery, SortBy};

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
