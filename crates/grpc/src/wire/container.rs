//! A container on the wire.

use super::env::{env_from_wire, env_to_wire};
use super::not_a_value;
use crate::proto;
use solti_model::{ContainerTask, FieldError, PullPolicy, Volume};

pub(super) fn container_from_wire(wire: proto::ContainerTask) -> Result<ContainerTask, FieldError> {
    let proto::ContainerTask { image, command, args, env, volumes, network, user, workdir, pull } = wire;
    let pull = match proto::PullPolicy::try_from(pull) {
        Ok(proto::PullPolicy::Unspecified | proto::PullPolicy::Missing) => PullPolicy::Missing,
        Ok(proto::PullPolicy::Always) => PullPolicy::Always,
        Ok(proto::PullPolicy::Never) => PullPolicy::Never,
        Err(_) => return Err(not_a_value("kind.container.pull", pull)),
    };
    let volume = |proto::Volume { source, target, read_only }| Volume { source, target, read_only };
    let volumes = volumes.into_iter().map(volume).collect();
    let env = env_from_wire(env);
    Ok(ContainerTask { image, command, args, env, volumes, network, user, workdir, pull })
}

pub(super) fn container_to_wire(task: ContainerTask) -> proto::ContainerTask {
    let ContainerTask { image, command, args, env, volumes, network, user, workdir, pull } = task;
    let pull = match pull {
        PullPolicy::Missing => proto::PullPolicy::Missing,
        PullPolicy::Always => proto::PullPolicy::Always,
        PullPolicy::Never => proto::PullPolicy::Never,
    };
    let volume = |Volume { source, target, read_only }| proto::Volume { source, target, read_only };
    proto::ContainerTask {
        image,
        command,
        args,
        env: env_to_wire(env),
        volumes: volumes.into_iter().map(volume).collect(),
        network,
        user,
        workdir,
        pull: pull.into(),
    }
}
