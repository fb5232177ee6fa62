//! Hooks: kept here, called by [`SupervisorApiAdapter::call_hooks`] for what the database says has happened. A call is stored with the
//! mark of the events that were looked at, before anything is sent, and each try before it begins: a program that is killed loses
//! none, and what is sent again says so.

mod body;
mod caller;
mod kept;
mod operations;
mod send;

pub(super) use kept::{Hooks, kept};
