//! The rules of the supervisor under any order of events: submits of every admission, ends of every kind, stops, deletes,
//! changes of lanes, commands on the queue, tasks that wait for others, batches that the database refuses, crashes and reboots of the machine, starts that the system has no room for
//! and runs that cannot be looked at for a while, in the middle of whatever was under way.
//!
//! The actor, the store and the recovery are the real ones; processes are scripted (`machine`), so that hundreds of lives fit
//! into seconds. What must hold: a terminal phase is final, a task has one live attempt at most, a lane starts nothing over its
//! capacity unless a person says so, nothing starts that is held or waits for its time or another task, nothing starts before its intent is stored, no run starts twice, no success is guessed, and every admitted task ends
//! or waits for a reason that is shown. The same with real processes is in `solti-api`.

mod folder;
mod life;
mod machine;

use life::World;
use machine::End;
use proptest::prelude::*;
use solti_model::{AdmissionStrategy, AfterReboot, AfterWhen, RestartStrategy};

#[derive(Debug, Clone)]
pub enum Step {
    Submit {
        lane: usize,
        admission: AdmissionStrategy,
        restart: RestartStrategy,
        max_retries: Option<u32>,
        queueing: Queueing,
    },
    /// A hand on one of the tasks.
    Queue {
        which: usize,
        hand: Hand,
    },
    HoldAll {
        held: bool,
    },
    /// One of the processes that live ends.
    End {
        which: usize,
        how: End,
    },
    Stop {
        which: usize,
        kill: bool,
    },
    Delete {
        which: usize,
    },
    Lane {
        lane: usize,
        capacity: u32,
        paused: bool,
    },
    /// The next start fails.
    RefuseStart,
    /// The next starts meet a system that has nothing left.
    Short {
        starts: u32,
    },
    /// The next looks at runs that were left fail.
    Blind {
        looks: u32,
    },
    /// The next process does not end when it is asked to.
    Stubborn,
    /// The database refuses batches of this kind for good, until the app is at rest the next time.
    RefuseBatch {
        which: usize,
    },
    /// The app goes on for so many turns of its runtime, and is in the middle of something then.
    Run {
        turns: usize,
    },
    /// The app goes on until nothing more happens by itself.
    Settle,
    Crash {
        reboot: bool,
    },
    Quit,
}

/// What a task waits for beside its lane, and what becomes of it after a reboot.
#[derive(Debug, Clone)]
pub struct Queueing {
    priority: i32,
    /// One of the tasks that there are.
    after: Option<(usize, AfterWhen)>,
    /// Milliseconds from then on.
    delay: Option<u64>,
    after_reboot: Option<AfterReboot>,
}

#[derive(Debug, Clone)]
pub enum Hand {
    Hold,
    Release,
    Priority(i32),
    First,
    Last,
    Before(usize),
    RunNow,
    RetryNow,
    Edit { lane: usize, admission: AdmissionStrategy, queueing: Queueing },
    Suspend(bool),
}

fn queueing() -> impl Strategy<Value = Queueing> {
    let when = prop::sample::select(AfterWhen::ALL.to_vec());
    let reboot = prop::sample::select(vec![
        None,
        None,
        Some(AfterReboot::Start),
        Some(AfterReboot::Hold),
        Some(AfterReboot::End),
    ]);
    (
        -1..2i32,
        prop::option::weighted(0.3, (any::<usize>(), when)),
        prop::option::weighted(0.1, 0..30u64),
        reboot,
    )
        .prop_map(|(priority, after, delay, after_reboot)| Queueing {
            priority,
            after,
            delay,
            after_reboot,
        })
}

fn hand() -> impl Strategy<Value = Hand> {
    use AdmissionStrategy::{DropIfRunning, Queue, Replace};
    let admission = prop::sample::select(vec![DropIfRunning, Replace, Queue]);
    prop_oneof![
        2 => Just(Hand::Hold),
        3 => Just(Hand::Release),
        1 => (-1..2i32).prop_map(Hand::Priority),
        1 => Just(Hand::First),
        1 => Just(Hand::Last),
        1 => any::<usize>().prop_map(Hand::Before),
        2 => Just(Hand::RunNow),
        1 => Just(Hand::RetryNow),
        2 => (0..3usize, admission, queueing())
            .prop_map(|(lane, admission, queueing)| Hand::Edit { lane, admission, queueing }),
        1 => any::<bool>().prop_map(Hand::Suspend),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    use AdmissionStrategy::{DropIfRunning, Queue, Replace};
    let restart = prop::sample::select(vec![
        RestartStrategy::Never,
        RestartStrategy::Never,
        RestartStrategy::OnFailure,
        RestartStrategy::Always { interval_ms: None },
        RestartStrategy::Always { interval_ms: Some(3) },
    ]);
    let admission = prop::sample::select(vec![DropIfRunning, Replace, Queue, Queue]);
    let retries = prop::sample::select(vec![None, Some(1), Some(2)]);
    let how = prop::sample::select(vec![
        End::Code(0),
        End::Code(0),
        End::Code(3),
        End::Killed,
        End::TimedOut,
        End::ShimGone,
        End::NotTaken,
    ]);
    prop_oneof![
        6 => (0..3usize, admission, restart, retries, queueing()).prop_map(
            |(lane, admission, restart, max_retries, queueing)| {
                Step::Submit { lane, admission, restart, max_retries, queueing }
            },
        ),
        6 => (any::<usize>(), hand()).prop_map(|(which, hand)| Step::Queue { which, hand }),
        1 => prop::bool::weighted(0.3).prop_map(|held| Step::HoldAll { held }),
        5 => (any::<usize>(), how).prop_map(|(which, how)| Step::End { which, how }),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(which, kill)| Step::Stop { which, kill }),
        1 => any::<usize>().prop_map(|which| Step::Delete { which }),
        1 => (0..3usize, 1..4u32, prop::bool::weighted(0.3))
            .prop_map(|(lane, capacity, paused)| Step::Lane { lane, capacity, paused }),
        1 => Just(Step::RefuseStart),
        1 => (1..3u32).prop_map(|starts| Step::Short { starts }),
        1 => (1..4u32).prop_map(|looks| Step::Blind { looks }),
        1 => Just(Step::Stubborn),
        1 => any::<usize>().prop_map(|which| Step::RefuseBatch { which }),
        5 => (0..60usize).prop_map(|turns| Step::Run { turns }),
        4 => Just(Step::Settle),
        2 => prop::bool::weighted(0.3).prop_map(|reboot| Step::Crash { reboot }),
        1 => Just(Step::Quit),
    ]
}

/// `make torture` asks for more.
fn cases() -> u32 {
    std::env::var("SOLTI_TORTURE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_task_ends_or_waits_visibly_and_no_rule_is_broken(steps in prop::collection::vec(step(), 1..50)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.come_to_an_end();
    }
}
