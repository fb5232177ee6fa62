//! Runs the real `solti-shim` in real folders with real programs, as the runner does.
//!
//! No test multiplies processes beyond the two or three that its script names. What a format looks like byte by byte
//! is tested beside the format.
#![allow(unsafe_code, reason = "tests a program of system calls")]

mod after_main;
mod cleanup;
mod cluster;
mod control;
mod ends;
mod harness;
mod limits;
mod outputs;
mod starts;
mod suspend;
