// Saved jobs: what they are, when they are run by themselves, and what has become of them.
macro_rules! job_operations {
    ({ $($asks:tt)* } { $($topics:tt)* } { $($downloads:tt)* } $next:ident $($rest:ident)*) => {
        $next! {
            {
                $($asks)*

                /// A page of the saved jobs, by name.
                read ListJobs "list_jobs" -> JobList {
                    /// All jobs when it is left out.
                    #[serde(default, deserialize_with = "crate::operations::only_object::read")]
                    query: JobQuery
                }

                /// A job with what its schedules mean now and what came of them; nothing when there is none of that name. What is
                /// secret in its spec is masked, and can be saved so. With a revision the job as it was saved then.
                read GetJob "get_job" -> Option<JobDetail> {
                    name: JobName,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    revision: Option<u32>,
                }

                /// Saves a job in the place of the one of that name, if there is one, and answers it as it is stored: with a
                /// revision of its own, and with ids for its schedules. One that says nothing new stays as it is. `Conflict` when it
                /// is at another revision than the expected one, where 0 expects that there is none; and when one that was saved
                /// before comes by a name that its job has no more.
                change SaveJob "save_job" -> Job {
                    job: Job,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    expected_revision: Option<u32>,
                }

                /// Removes a job with its revisions and schedules. Its tasks stay, and keep its name. Also fine when there is none.
                change DeleteJob "delete_job" -> () { name: JobName }

                /// Gives a job another name and answers it. Its tasks, its revisions and what came of its schedules follow. What is
                /// asked of it by the old name is refused with the new one, until a job is saved under that. `Conflict` when there
                /// is a job of the new name.
                change RenameJob "rename_job" -> Job { name: JobName, to: JobName }

                /// Makes a task of the job now, and answers its id. A parameter that is not given has its default; a secret one the
                /// value that is kept in the keyring of the machine.
                change RunJob "run_job" -> TaskId {
                    name: JobName,
                    /// Values by the names of the parameters.
                    #[serde(default)]
                    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
                    parameters: BTreeMap<String, String>,
                }

                /// Which secret parameters of a job are kept in the keyring of the machine. Their values are never answered.
                read ListJobSecrets "list_job_secrets" -> JobSecrets { name: JobName }

                /// Keeps the value of a secret parameter in the keyring of the machine, for all runs of the job for which none is
                /// given, also those that a schedule makes. The system may ask the person at the machine to unlock the keyring.
                /// `Conflict` where there is no keyring, or nobody unlocks it.
                change KeepJobSecret "keep_job_secret" -> () {
                    name: JobName,
                    parameter: String,
                    /// Text of 64 KiB at most.
                    value: String,
                }

                /// Forgets what is kept for a secret parameter of a job. Also fine when nothing is.
                change ForgetJobSecret "forget_job_secret" -> () { name: JobName, parameter: String }

                /// The tasks of a job, newest first, also of one that was deleted.
                read JobHistory "job_history" -> JobTasks {
                    name: JobName,
                    /// `nextCursor` of the page before; opaque.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    cursor: Option<String>,
                    /// As many at most; 100 when absent.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    limit: Option<u32>,
                }

                /// The states in which a job was saved, newest first, 100 at most, and what each has changed.
                read JobRevisions "job_revisions" -> Vec<JobRevision> { name: JobName }

                /// What a schedule would do: in words, its next times, and what a person may not expect of it.
                read PreviewSchedule "preview_schedule" -> SchedulePreview {
                    schedule: Schedule,
                    /// Times after this one, in Unix milliseconds; after now when it is left out.
                    #[serde(default)]
                    #[ts(optional = nullable, type = "number")]
                    from: Option<u64>,
                    /// How many times, 100 at most; 5 when it is left out.
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    #[schemars(range(max = 100))]
                    count: Option<u32>,
                }

                /// Has the next time of a schedule pass without a run, or the next of any schedule of the job, and answers which
                /// that is. `Conflict` when there is none to come.
                change SkipNext "skip_next" -> ComingRun {
                    name: JobName,
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    schedule: Option<ScheduleId>,
                }

                /// What a calendar shows of the jobs: of each day which of them ran or will, how often, and how that ended. A job that
                /// runs more than three times on a day is told by counts, however often that is.
                read JobDays "job_days" -> JobCalendar {
                    /// Where each day begins, and behind them the end of the last, in Unix milliseconds; 63 days at most, of the
                    /// clock of whoever asks.
                    #[ts(type = "number[]")]
                    #[schemars(length(min = 2, max = 64))]
                    bounds: Vec<u64>,
                }

                /// The times at which jobs, or the one of a name, will be run by themselves, from one time up to another, in Unix
                /// milliseconds.
                read Upcoming "upcoming" -> ComingRuns {
                    #[serde(default)]
                    #[ts(optional = nullable)]
                    name: Option<JobName>,
                    #[ts(type = "number")]
                    from: u64,
                    #[ts(type = "number")]
                    to: u64,
                }
            }
            {
                $($topics)*

                /// An item whenever something about the jobs has changed; the first one comes at once. Changes that come fast are
                /// one item.
                endless WatchJobs "watch_jobs" -> JobChange {}
            }
            { $($downloads)* }
            $($rest)*
        }
    };
}
