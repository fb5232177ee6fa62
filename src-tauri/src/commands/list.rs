// The one list of commands, as `module::name`. Both build.rs (which makes a permission of each) and
// commands/mod.rs (which routes to them) include this file, so that neither can know a command the other does not.
// Which window may call which is in capabilities/.
macro_rules! with_commands {
    ($then:ident) => {
        $then! {
            tasks::submit_task,
            tasks::get_task_status,
            tasks::query_tasks,
            tasks::list_task_runs,
            tasks::delete_task,
            tasks::list_tasks,
            tasks::get_task_row,
            tasks::summary,
            tasks::task_events,
            tasks::watch_tasks,
            control::validate_spec,
            control::stop_task,
            control::rerun_task,
            lanes::list_lanes,
            lanes::set_lane,
            logs::stream_task_logs,
            logs::log_info,
            logs::read_log,
            logs::watch_log,
            closing::watch_closing,
            closing::answer_closing,
            doors::watch_doors,
            doors::api_token,
            doors::rotate_api_token,
            settings::get_settings,
            settings::set_settings,
            settings::inherited_environment,
            settings::diagnose,
            windows::ack_frame,
            windows::close_stream,
            windows::open_log_window,
            windows::app_info,
        }
    };
}
