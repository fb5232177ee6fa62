//! A page of the list and the model's rule for who belongs into it agree, whatever tasks there are and whatever is asked.

mod support;

use proptest::prelude::*;
use solti_model::{CommandMode, LeftOut, ListQuery, SubprocessMode, TaskId, TaskKind, TaskPhase};
use solti_store::{Change, RowQuery, Store, StoredTask};
use std::collections::BTreeMap;
use support::{in_slot, ran, row_ids, scripted, slot, task};

/// Pieces that names, arguments, scripts and searches are made of, so that searches find something.
fn piece() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "A",
        " ",
        "'",
        "make",
        "MAKE all",
        "ä",
        "Ä",
        "İ",
        "ß",
        "%",
        "_",
        "\n",
        "\t",
        "python",
        "script",
        "$x",
        "",
        "--token",
        "hushhush",
        "https://u:hush@h",
        "…",
        "# ",
        "set -e\n",
        "•",
    ])
    .prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..5).prop_map(|pieces| pieces.concat())
}

/// None of them secret: of those a list shows the mask, and the rule cannot tell them apart.
fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let told = |labels: &BTreeMap<String, String>| {
        labels.iter().all(|(key, value)| solti_model::secret::masked_label(key, value) == *value)
    };
    let key = prop::sample::select(vec!["name", "team", "Team"]).prop_map(str::to_owned);
    let value = prop_oneof![6 => text(), 1 => Just("long ".repeat(600))];
    prop::collection::btree_map(key, value, 0..3).prop_filter("nothing secret", told)
}

fn stored(n: u64) -> impl Strategy<Value = StoredTask> {
    let phase = prop::sample::select(TaskPhase::ALL.to_vec());
    let args = prop_oneof![
        6 => prop::collection::vec(text(), 0..4),
        1 => prop::collection::vec(text(), 300..301),
    ];
    let script = prop::option::weighted(0.3, text());
    let end = prop::sample::select(vec![
        (None, None),
        (Some(0), None),
        (Some(134), Some("exit 134")),
        (None, Some("killed by SIGABRT (signal 6)")),
        (None, Some("killed by SIGABRT (signal 6); why")),
        (None, Some("killed by signal 64")),
        (None, Some("was not killed by signal 6")),
    ]);
    (phase, args, script, labels(), 0..2_u8, end).prop_map(
        move |(phase, args, script, labels, lane, (exit_code, error))| {
            let mut stored = in_slot(task(n, phase), if lane == 0 { "a" } else { "b" });
            if let TaskKind::Subprocess(subprocess) = &mut stored.task.spec.kind {
                subprocess.mode = SubprocessMode::Command(CommandMode { command: "make".to_owned(), args });
            }
            if let Some(script) = script {
                stored = scripted(stored, &script);
            }
            stored.task.spec.labels = labels;
            stored.task.status.exit_code = exit_code;
            stored.task.status.error = error.map(str::to_owned);
            stored
        },
    )
}

fn tasks() -> impl Strategy<Value = Vec<StoredTask>> {
    (0..8_u64).map(stored).collect::<Vec<_>>()
}

/// For how long each of them ran, and for how long the task was not over after that.
fn times() -> impl Strategy<Value = Vec<Option<(u64, u64)>>> {
    prop::collection::vec(prop::option::of((0..9_u64, 0..9_u64)), 8)
}

fn changes(stored: StoredTask, times: Option<(u64, u64)>) -> Vec<Change> {
    let Some((took, after)) = times else { return vec![stored.into()] };
    let over = stored.task.status.phase.is_terminal().then_some(100 + took + after);
    ran(stored, (100, 100 + took), over)
}

fn took() -> impl Strategy<Value = (Option<u64>, Option<u64>)> {
    (prop::option::weighted(0.1, 0..9_u64), prop::option::weighted(0.1, 0..9_u64))
}

fn code() -> impl Strategy<Value = i32> {
    prop::sample::select(vec![0, 1, 134, 192])
}

fn without() -> impl Strategy<Value = LeftOut> {
    let parts = (
        prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]).prop_map(slot), 0..2),
        labels(),
        prop::collection::vec(text(), 0..2),
        prop::collection::vec(code(), 0..2),
        prop::collection::vec(text(), 0..2),
        prop::option::weighted(0.2, 0..9_u64),
        took(),
    );
    let some = parts.prop_map(|(slots, labels, texts, exit_codes, names, since_ms, took)| LeftOut {
        slots,
        jobs: vec![],
        labels: labels.into_iter().collect(),
        texts,
        exit_codes,
        names,
        since_ms,
        took_at_least_ms: took.0,
        took_at_most_ms: took.1,
    });
    prop_oneof![2 => Just(LeftOut::default()), 1 => some]
}

fn query() -> impl Strategy<Value = ListQuery> {
    let phases = prop::collection::vec(prop::sample::select(TaskPhase::ALL.to_vec()), 0..9);
    let wanted = (
        prop_oneof![2 => Just(vec![]), 1 => phases],
        prop::option::weighted(0.2, prop::bool::ANY),
        prop_oneof![2 => Just(BTreeMap::new()), 1 => labels()],
        prop::option::weighted(0.7, text()),
        prop::option::weighted(0.2, code()),
        prop::option::weighted(0.2, 0..9_u64),
        (prop::option::weighted(0.2, text()), took(), without()),
    );
    wanted.prop_map(|(phases, lane, labels, text, exit_code, since_ms, (name, took, without))| ListQuery {
        phases,
        slot: lane.map(|a| slot(if a { "a" } else { "b" })),
        labels,
        text,
        exit_code,
        since_ms,
        name,
        took_at_least_ms: took.0,
        took_at_most_ms: took.1,
        without: Box::new(without),
        ..ListQuery::default()
    })
}

fn listed(query: ListQuery) -> RowQuery {
    let ListQuery { phases, slot, labels, text, exit_code, since_ms, job, name, without, .. } = query;
    let (took_at_least_ms, took_at_most_ms) = (query.took_at_least_ms, query.took_at_most_ms);
    RowQuery {
        phases,
        slot,
        labels,
        text,
        exit_code,
        since_ms,
        job,
        name,
        took_at_least_ms,
        took_at_most_ms,
        without: *without,
        ..RowQuery::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_database_lists_what_the_rule_says(
        tasks in tasks(),
        times in times(),
        // Also what is there is asked for.
        mut queries in prop::collection::vec((query(), prop::option::of(0..8_usize)), 24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(dir.path()).unwrap();
            let all = tasks.iter().cloned().zip(times);
            store.apply(all.flat_map(|(stored, times)| changes(stored, times)).collect()).await.unwrap();
            let rows = store.list(&RowQuery::default()).await.unwrap().rows;
            for (query, like) in &mut queries {
                if let Some(like) = like {
                    query.labels.clone_from(&tasks[*like].task.spec.labels);
                    query.labels.retain(|key, _| key != "name");
                }
                let matching: Vec<TaskId> = rows
                    .iter()
                    .filter(|row| query.matches(&row.task, row.searched.as_ref(), row.took_ms))
                    .map(|row| row.task.metadata.id.clone())
                    .collect();
                let page = store.list(&listed(query.clone())).await.unwrap();
                assert_eq!(row_ids(&page.rows), matching, "{query:?} in {rows:?}");
            }
        });
    }
}
