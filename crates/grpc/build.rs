//! Makes Rust of `proto/`, with lines of a log as shared bytes instead of copies.

use std::error::Error;

const PROTO: &str = "proto/solti/v1/solti.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile([PROTO], ["proto"])?;
    tonic_prost_build::configure().bytes(".solti.v1.OutputChunkProto").btree_map(".").compile_fds(files)?;
    Ok(())
}
