//! What a cluster offers, from the answers of `sinfo` and `sacctmgr`. Pure.

use solti_model::{BatchCluster, ClusterPartition};

/// What `sinfo` is to print: a line for the nodes of a partition that are alike.
pub(super) const FORMAT: &str = "%P|%a|%D|%l|%G|%f";

/// `shown`: the partitions that are listed for everybody; `all`: with those that are hidden.
pub(super) fn cluster(version: &str, shown: &str, all: &str, associations: &str) -> BatchCluster {
    let (shown, mut found) = (partitions(shown), partitions(all));
    for partition in &mut found {
        partition.hidden = shown.iter().all(|one| one.name != partition.name);
    }
    let (mut accounts, mut qos) = (vec![], vec![]);
    for line in associations.lines() {
        let (account, names) = line.split_once('|').unwrap_or((line, ""));
        add(&mut accounts, account);
        names.split(',').for_each(|name| add(&mut qos, name));
    }
    BatchCluster { version: version.to_owned(), partitions: found, accounts, qos }
}

/// Each with all of its nodes.
pub(super) fn partitions(lines: &str) -> Vec<ClusterPartition> {
    let mut found: Vec<ClusterPartition> = vec![];
    for line in lines.lines().filter_map(partition) {
        match found.iter_mut().find(|known| known.name == line.name) {
            Some(known) => {
                known.nodes += line.nodes;
                known.gpus = known.gpus.take().or(line.gpus);
                let new = line.features.into_iter().filter(|feature| !known.features.contains(feature));
                known.features.extend(new.collect::<Vec<_>>());
            }
            None => found.push(line),
        }
    }
    found
}

fn add(names: &mut Vec<String>, name: &str) {
    let name = name.trim();
    if !name.is_empty() && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn partition(line: &str) -> Option<ClusterPartition> {
    let mut fields = line.split('|').map(|field| Some(field.trim()).filter(|field| *field != "(null)"));
    let mut next = || fields.next();
    let (name, up, nodes) = (next()??, next()??, next()??);
    let (limit, gres, features) = (next()?, next()?, next()?);
    let gpus = gres.and_then(|gres| gres.split(',').find(|gres| gres.starts_with("gpu")));
    Some(ClusterPartition {
        name: name.trim_end_matches('*').to_owned(),
        is_default: name.ends_with('*'),
        up: up == "up",
        hidden: false,
        nodes: nodes.parse().ok()?,
        time_limit_minutes: limit.and_then(minutes),
        // `gpu:a100:4(S:0-1)` says sockets too.
        gpus: gpus.map(|gpus| gpus.split('(').next().unwrap_or(gpus).to_owned()),
        features: features.into_iter().flat_map(|all| all.split(',')).map(str::to_owned).collect(),
    })
}

/// From `[days-]hours:minutes:seconds`, of which the first parts may be missing; `None` for no limit.
fn minutes(limit: &str) -> Option<u32> {
    let (days, time) = limit.split_once('-').unwrap_or(("0", limit));
    let parts: Vec<u32> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hours, minutes) = match parts[..] {
        [hours, minutes, _] => (hours, minutes),
        [minutes, _] => (0, minutes),
        _ => return None,
    };
    Some((days.parse::<u32>().ok()? * 24 + hours) * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Slurm 22.05 has printed it.
    const SINFO: &str = "\
main*|up|1|infinite|gpu:2|here,n1
main*|up|2|infinite|(null)|here,n2
short|up|3|1:00|(null)|(null)
closed|down|1|2-12:30:00|gpu:a100:4(S:0-1)|here
";

    #[test]
    fn the_nodes_of_a_partition_are_counted_together() {
        let all = format!("{SINFO}quiet|up|1|infinite|(null)|(null)\n");
        let offer = cluster("slurm-wlm 22.05.8", SINFO, &all, "team|normal,high\nother|normal\n");
        assert_eq!(offer.describe(), "slurm-wlm 22.05.8, partitions main, short, closed, quiet (hidden)");
        let [main, short, closed, quiet] = &offer.partitions[..] else { panic!("{offer:?}") };
        assert!(quiet.hidden && !main.hidden && !closed.hidden);
        assert_eq!((main.nodes, main.is_default, main.up), (3, true, true));
        assert_eq!((main.gpus.as_deref(), main.time_limit_minutes), (Some("gpu:2"), None));
        assert_eq!(main.features, ["here", "n1", "n2"]);
        assert_eq!((short.time_limit_minutes, short.features.len()), (Some(1), 0));
        assert_eq!((closed.up, closed.time_limit_minutes), (false, Some((2 * 24 + 12) * 60 + 30)));
        assert_eq!(closed.gpus.as_deref(), Some("gpu:a100:4"));
        assert_eq!(
            (offer.accounts, offer.qos),
            (vec!["team".into(), "other".into()], vec!["normal".into(), "high".into()])
        );
        assert!(cluster("v", "", "", "").accounts.is_empty());
    }
}
