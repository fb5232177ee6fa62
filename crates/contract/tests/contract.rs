//! One contract, told as stories to everything that claims to be the handler: the adapter, the adapter behind guards, and
//! the clients over each transport. A story asserts what a caller sees and never how it came there.
//!
//! A new client is one module here and one function in `subjects`; a new promise one function in `stories`.

#[path = "../../api/tests/common/mod.rs"]
mod engine;
#[path = "../../http/tests/ssh/mod.rs"]
mod ssh;
mod stories;
mod subjects;

macro_rules! tests {
    ($subject:ident, $part:ident: $($story:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $story() {
            super::stories::$part::$story(&super::subjects::$subject().await).await;
        }
    )*};
}

/// What every handler promises.
macro_rules! contract {
    ($subject:ident) => {
        tests! { $subject, contract:
            a_submitted_task_is_stored_runs_and_keeps_its_end
            what_is_read_back_is_what_was_submitted
            the_log_after_a_submit_has_every_line_a_hundred_times
            a_log_tells_attempts_in_order_and_both_streams
            a_log_is_followed_while_it_grows
            bytes_that_are_no_text_become_replacement_characters
            lists_are_newest_first_filtered_and_counted_in_full
            limits_have_a_default_and_are_clamped
            a_busy_lane_refuses_and_names_who_is_in_it
            a_bad_spec_is_refused_by_field_and_not_stored
            what_is_not_there_is_not_found_but_can_be_deleted
            a_delete_stops_the_task_and_leaves_nothing
        }
    };
}

/// That a log comes through as it was printed.
macro_rules! log_bytes {
    ($subject:ident) => {
        tests! { $subject, log_bytes:
            output_comes_through_byte_for_byte
            the_beginning_of_a_line_is_told_before_its_end
            what_there_is_now_is_told_and_nothing_more
            a_line_goes_on_within_itself_behind_any_position
            what_a_task_reads_is_a_text_or_a_file
        }
    };
}

/// What a window needs beside it.
macro_rules! desktop {
    ($subject:ident) => {
        tests! { $subject, desktop:
            rows_say_why_a_task_waits_and_are_paged
            a_run_says_what_it_was_started_with
            changes_are_heard_of
            a_change_says_whether_the_query_lists_the_row
            a_stop_cancels_and_a_second_one_conflicts
            a_rerun_is_a_new_task_of_the_same_spec
            a_directory_is_known_before_a_task_needs_it
            what_is_begun_to_be_written_is_completed
            what_limits_would_delete_is_counted
            lanes_are_set_and_listed
            a_lane_asks_something_of_the_machine a_lane_spans_machines
            a_shared_lane_is_listed_while_nothing_is_in_it
            a_draft_is_kept_until_it_is_dropped
            a_filter_is_kept_under_a_name
            a_list_leaves_out_what_it_is_told
            the_last_line_of_each_task_is_told
            a_task_of_a_job_tells_of_those_before_it
        }
        tests! { $subject, logs:
            a_window_reads_rows_and_hears_of_growth
            a_log_goes_on_behind_any_position
            a_log_is_read_in_its_encoding
            a_log_is_searched_and_filtered
            parts_of_logs_are_copied_saved_and_merged
            several_logs_are_searched_as_one
            rows_are_marked
        }
        tests! { $subject, lists:
            the_layout_of_the_list_is_kept
            a_list_comes_in_the_order_that_is_asked_for
            the_past_of_a_task_is_paged_and_that_of_no_task_is_not_found
        }
        tests! { $subject, told:
            hooks_are_kept_without_telling_their_secrets
            a_digest_says_what_has_happened_since
        }
        tests! { $subject, queue:
            what_waits_is_held_moved_changed_and_started
            what_waits_is_told_when_it_will_start
            tasks_of_a_span_of_time_are_told
            who_waits_for_whom_is_told_both_ways
        }
        tests! { $subject, runners:
            the_runners_of_the_machine_are_listed
            what_no_cluster_would_start_is_not_previewed
            a_folder_that_no_cluster_shares_is_not_checked
        }
        tests! { $subject, jobs:
            jobs_are_saved_run_and_remembered
            a_job_is_renamed_with_all_that_belongs_to_it
            secrets_of_a_job_are_kept_where_there_is_a_keyring
            schedules_are_previewed_listed_and_skipped
        }
    };
}

mod adapter {
    contract!(adapter);
    log_bytes!(adapter);
    desktop!(adapter);
}

mod guarded {
    contract!(guarded);
    log_bytes!(guarded);
    desktop!(guarded);
}

mod http_by_socket {
    contract!(http_by_socket);
    log_bytes!(http_by_socket);
    desktop!(http_by_socket);
}

mod http_by_tls {
    contract!(http_by_tls);
    log_bytes!(http_by_tls);
    desktop!(http_by_tls);
}

/// As another machine is reached.
mod http_by_ssh {
    contract!(http_by_ssh);
    log_bytes!(http_by_ssh);
    desktop!(http_by_ssh);
}

mod grpc {
    contract!(grpc);
    log_bytes!(grpc);
}
