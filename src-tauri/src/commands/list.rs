// The list of the commands that are no operations of the table (crates/api/src/operations/), as `module::name`. Both build.rs (which makes a permission of each) and
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
            logs::stream_task_logs,
            form::read_command_line,
            closing::watch_closing,
            closing::answer_closing,
            doors::watch_doors,
            doors::api_token,
            doors::rotate_api_token,
            machines::watch_machines,
            machines::choose_machine,
            machines::save_connection,
            machines::test_connection,
            machines::remove_connection,
            settings::get_settings,
            settings::set_settings,
            settings::check_settings,
            settings::inherited_environment,
            settings::diagnose,
            settings::log_usage,
            service::service_status,
            service::set_service,
            service::linger,
            windows::ack_frame,
            windows::close_stream,
            windows::open_log_window,
            windows::open_merged_window,
            windows::reveal_log,
            windows::open_link,
            windows::pick_directory,
            files::open_file,
            windows::watch_jumps,
            windows::watch_address,
            windows::watch_form_asks,
            windows::app_info,
            windows::use_usual_renderer,
        }
    };
}
