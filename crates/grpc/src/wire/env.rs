//! Variables on the wire.

use crate::proto;
use solti_model::EnvVar;

pub(super) fn env_from_wire(env: Vec<proto::KeyValue>) -> Vec<EnvVar> {
    env.into_iter().map(|proto::KeyValue { key, value }| EnvVar { key, value }).collect()
}

pub(super) fn env_to_wire(env: Vec<EnvVar>) -> Vec<proto::KeyValue> {
    env.into_iter().map(|EnvVar { key, value }| proto::KeyValue { key, value }).collect()
}
