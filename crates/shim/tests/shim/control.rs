//! The control socket as a client sees it.

use std::io::{Read, Write};
use std::time::Instant;

use solti_shim::control::{Reply, Request};
use solti_shim::exit_record::{LeaderStatus, RunEnd};

use crate::harness::{Plan, Running};

fn idle() -> Running {
    let running = Plan::sh("echo up; while :; do sleep 0.05; done").start();
    running.lines(1);
    running
}

#[test]
fn status_names_the_child_and_whether_it_is_being_stopped() {
    let mut plan = Plan::sh("trap '' TERM; echo up; while :; do sleep 0.05; done");
    plan.spec.grace_ms = 600_000;
    let running = plan.start();
    running.lines(1);
    let mut control = running.connect();
    for stopping in [false, true] {
        control.send(Request::Status);
        let Reply::Status { shim_pid, child_pid, stopping: said, .. } = control.receive() else { panic!() };
        assert_eq!((shim_pid, child_pid, said), (running.shim_pid(), running.child_pid, stopping));
        control.send(if stopping { Request::Kill } else { Request::Stop });
        assert_eq!(control.receive(), Reply::Accepted);
    }
    running.wait();
}

#[test]
fn a_subscriber_hears_of_every_growth_and_of_the_end() {
    let plan = Plan::sh("for i in 1 2 3; do read go < fifo; echo $i; done; read go < fifo; exit 2");
    let running = plan.start_with_fifo();
    let mut control = running.connect();
    control.send(Request::Subscribe { main_ended: false });
    // There is nothing to ring for yet; an answer tells that it is subscribed.
    control.send(Request::Status);
    assert!(matches!(control.receive(), Reply::Status { .. }));
    for line in 1..=3 {
        running.release_fifo();
        assert_eq!(control.receive(), Reply::Doorbell { log_bytes: 2 * line });
        let log = std::fs::read(running.dir().join("output.log")).unwrap();
        assert_eq!(log.len() as u64, 2 * line, "the bytes are there before the bell rings");
    }
    running.release_fifo();
    assert_eq!(control.receive(), Reply::Exited { log_bytes: 6 });
    assert_eq!(control.0.read(&mut [0]).unwrap(), 0);
    assert_eq!(running.wait().end, RunEnd::Ended(LeaderStatus::Code(2)));
}

#[test]
fn a_subscriber_that_never_reads_holds_nobody_up() {
    let running = Plan::sh("read go < fifo; i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done")
        .start_with_fifo();
    let mut deaf = running.connect();
    deaf.send(Request::Subscribe { main_ended: false });
    running.release_fifo();
    let ended = running.wait();
    assert_eq!(ended.log.iter().filter(|&&byte| byte == b'\n').count(), 20_000);
    drop(deaf);
}

#[test]
fn a_client_that_talks_nonsense_or_never_listens_is_dropped_and_others_are_served() {
    let running = idle();
    let mut nonsense = running.connect();
    nonsense.0.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    // Closed with bytes unread, which the kernel may report as a reset.
    assert!(!matches!(nonsense.0.read(&mut [0]), Ok(1..)));

    let mut greedy = running.connect();
    greedy.0.set_write_timeout(Some(crate::harness::PATIENCE)).unwrap();
    let started = Instant::now();
    while greedy.0.write_all(&Request::Status.encode()).is_ok() {
        assert!(started.elapsed() < crate::harness::PATIENCE, "answers pile up without a limit");
    }
    running.stop();
    running.wait();
}

#[test]
fn the_socket_is_gone_after_the_run() {
    let running = idle();
    running.stop();
    let ended = running.wait();
    assert_eq!(ended.files(), ["exit", "output.idx", "output.log"]);
}
