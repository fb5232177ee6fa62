//! What is made of a run's record and of what the cluster says of its job. Pure: nothing is guessed, and what is not known goes on.

use std::time::Duration;

use super::job::JobEnd;
use crate::{RunEnd, RunOutcome};

/// A file that a node has written is seen here a little later; and a cluster says a little later than the record why a job was ended.
const WORD_WITHIN: Duration = Duration::from_secs(10);
/// The same where the cluster's word is enough, and the record would only add to it.
const RECORD_WITHIN: Duration = Duration::from_secs(2);
/// A job that was submitted a moment ago may be missing in an answer; one that is for so long is not there.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// The number of the user who may do everything, as whom the daemons of the nodes run.
const ROOT: &str = "0";

/// What the record says.
#[derive(Debug, Clone)]
pub(super) enum Told {
    Nothing,
    Began,
    Ended(Box<RunOutcome>),
}

/// How the job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nobody could be asked.
    Unknown,
    Waits,
    Runs,
    /// `began`: it had a node.
    Over {
        end: JobEnd,
        began: bool,
    },
    /// The controller has answered, and does not name it.
    Missing,
    /// Nor do the accounts, if there are any.
    Forgotten,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    GoesOn,
    /// Whether the accounts know it has to be asked.
    AskAccounts,
    /// As its record says.
    ByRecord,
    /// As the cluster says.
    ByCluster(JobEnd),
    /// It was stopped by us before it began, or without a record.
    Stopped,
    /// The job is over and its shim has not begun.
    NotStarted,
    /// The job is over and its shim has left no word of the end.
    ShimGone,
    /// Nobody knows what became of it.
    Lost,
}

/// `since`: how long the job has stood as it does, or the record has said its end. `asked`: we have asked it to end.
pub(super) fn verdict(told: &Told, sight: &Sight, since: Duration, asked: bool) -> Verdict {
    match (told, sight) {
        (Told::Ended(outcome), _) if asked || says_all(&outcome.end) => Verdict::ByRecord,
        (Told::Ended(_), Sight::Over { end: JobEnd::Exited, .. }) => Verdict::ByRecord,
        (Told::Ended(_), Sight::Over { end, .. }) => Verdict::ByCluster(end.clone()),
        (Told::Ended(_), _) if since >= WORD_WITHIN => Verdict::ByRecord,
        (Told::Nothing, Sight::Over { end: JobEnd::Cancelled { .. }, began: false }) if asked => {
            Verdict::Stopped
        }
        (Told::Nothing, Sight::Over { end, began: false }) if *end != JobEnd::Exited => {
            Verdict::ByCluster(end.clone())
        }
        (Told::Nothing | Told::Began, Sight::Over { end: JobEnd::Exited, .. })
            if asked && since >= WORD_WITHIN =>
        {
            Verdict::Stopped
        }
        (Told::Nothing, Sight::Over { end: JobEnd::Exited, .. }) if since >= WORD_WITHIN => {
            Verdict::NotStarted
        }
        (Told::Began, Sight::Over { end: JobEnd::Exited, .. }) if since >= WORD_WITHIN => Verdict::ShimGone,
        (_, Sight::Over { end: JobEnd::Exited, .. }) => Verdict::GoesOn,
        (_, Sight::Over { end: JobEnd::Cancelled { .. }, .. }) if asked && since >= RECORD_WITHIN => {
            Verdict::Stopped
        }
        // Whether its shim has begun tells what that means.
        (Told::Nothing, Sight::Over { end: JobEnd::Cancelled { .. }, .. }) if since < WORD_WITHIN => {
            Verdict::GoesOn
        }
        (_, Sight::Over { end, .. }) if since >= RECORD_WITHIN => Verdict::ByCluster(end.clone()),
        (_, Sight::Missing) if since >= FORGOTTEN_AFTER => Verdict::AskAccounts,
        (_, Sight::Forgotten) => Verdict::Lost,
        _ => Verdict::GoesOn,
    }
}

/// What the cluster means by an end: a node that cannot begin a job which may not be requeued, because its prolog or its daemon fails, has
/// root cancel it. `node`: empty where it had none; `by`: the user who has cancelled it, as far as anybody knows.
pub(super) fn meant(end: JobEnd, told: &Told, node: &str, by: Option<&str>) -> JobEnd {
    let by_a_person = by.is_some_and(|by| by != ROOT);
    match end {
        JobEnd::Cancelled { .. } if matches!(told, Told::Nothing) && !node.is_empty() && !by_a_person => {
            JobEnd::NotBegun
        }
        end => end,
    }
}

/// Whether the cluster cannot know more of such an end.
fn says_all(end: &RunEnd) -> bool {
    !matches!(end, RunEnd::Exited { code: 1.. } | RunEnd::Signaled { .. } | RunEnd::Stopped { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EndFlags;

    const NOW: Duration = Duration::ZERO;
    const LATER: Duration = Duration::from_secs(60);

    fn ended(end: RunEnd) -> Told {
        Told::Ended(Box::new(RunOutcome {
            end,
            started_at_ms: Some(1),
            finished_at_ms: 2,
            duration: NOW,
            flags: EndFlags::default(),
            usage: None,
        }))
    }

    fn over(end: JobEnd) -> Sight {
        Sight::Over { end, began: true }
    }

    #[test]
    fn a_record_that_says_all_needs_nobody_else() {
        for end in [RunEnd::Exited { code: 0 }, RunEnd::TimedOut { code: None, signal: Some(15) }] {
            assert_eq!(verdict(&ended(end), &Sight::Unknown, NOW, false), Verdict::ByRecord);
        }
        let stopped = || ended(RunEnd::Stopped { code: None, signal: Some(15) });
        assert_eq!(verdict(&stopped(), &Sight::Unknown, NOW, true), Verdict::ByRecord, "as we asked");
    }

    #[test]
    fn what_was_ended_by_nobody_of_us_is_asked_about() {
        let stopped = || ended(RunEnd::Stopped { code: None, signal: Some(15) });
        assert_eq!(verdict(&stopped(), &Sight::Runs, NOW, false), Verdict::GoesOn);
        assert_eq!(
            verdict(&stopped(), &over(JobEnd::TimeLimit), NOW, false),
            Verdict::ByCluster(JobEnd::TimeLimit)
        );
        let killed = || ended(RunEnd::Signaled { signal: 9 });
        assert_eq!(
            verdict(&killed(), &over(JobEnd::OutOfMemory), NOW, false),
            Verdict::ByCluster(JobEnd::OutOfMemory)
        );
        assert_eq!(verdict(&killed(), &over(JobEnd::Exited), NOW, false), Verdict::ByRecord);
        assert_eq!(verdict(&killed(), &Sight::Unknown, LATER, false), Verdict::ByRecord, "nobody says");
    }

    #[test]
    fn what_its_node_could_not_begin_is_told_from_what_somebody_has_cancelled() {
        let cancelled = || JobEnd::Cancelled { by: None };
        let on_node = |since| verdict(&Told::Nothing, &over(cancelled()), since, false);
        assert_eq!(on_node(RECORD_WITHIN), Verdict::GoesOn, "its record may be seen late");
        assert_eq!(on_node(LATER), Verdict::ByCluster(cancelled()));
        for (told, node, by, not_begun) in [
            (Told::Nothing, "n1", Some("0"), true),
            (Told::Nothing, "n1", None, true),
            (Told::Nothing, "n1", Some("1000"), false),
            (Told::Nothing, "", Some("0"), false),
            (Told::Began, "n1", Some("0"), false),
        ] {
            let expected = if not_begun { JobEnd::NotBegun } else { cancelled() };
            assert_eq!(meant(cancelled(), &told, node, by), expected, "{told:?} {node} {by:?}");
        }
        assert_eq!(meant(JobEnd::TimeLimit, &Told::Nothing, "n1", None), JobEnd::TimeLimit);
    }

    #[test]
    fn what_cannot_be_looked_at_goes_on() {
        for told in [Told::Nothing, Told::Began] {
            for sight in [Sight::Unknown, Sight::Waits, Sight::Runs] {
                assert_eq!(verdict(&told, &sight, LATER * 1_000, true), Verdict::GoesOn);
            }
            assert_eq!(verdict(&told, &Sight::Missing, NOW, false), Verdict::GoesOn);
            assert_eq!(verdict(&told, &Sight::Missing, LATER, false), Verdict::AskAccounts);
        }
    }

    #[test]
    fn a_job_that_is_over_without_a_record_ends_as_the_cluster_says() {
        let cancelled = JobEnd::Cancelled { by: None };
        let never = Sight::Over { end: cancelled.clone(), began: false };
        assert_eq!(verdict(&Told::Nothing, &never, NOW, true), Verdict::Stopped);
        assert_eq!(verdict(&Told::Nothing, &never, NOW, false), Verdict::ByCluster(cancelled.clone()));
        assert_eq!(verdict(&Told::Began, &over(cancelled.clone()), NOW, true), Verdict::GoesOn);
        assert_eq!(verdict(&Told::Began, &over(cancelled), LATER, true), Verdict::Stopped);
        assert_eq!(
            verdict(&Told::Began, &over(JobEnd::NodeFailed), LATER, false),
            Verdict::ByCluster(JobEnd::NodeFailed)
        );
        assert_eq!(verdict(&Told::Began, &over(JobEnd::Exited), NOW, false), Verdict::GoesOn);
        assert_eq!(verdict(&Told::Began, &over(JobEnd::Exited), LATER, false), Verdict::ShimGone);
        assert_eq!(verdict(&Told::Nothing, &over(JobEnd::Exited), LATER, false), Verdict::NotStarted);
    }
}
