//! Compiles the .proto files with protox, so that no protoc is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let files = [
        "yijian/v1/applications.proto",
        "yijian/v1/operations.proto",
        "yijian/bus/v1/bus.proto",
        "yijian/departments/v1/civil_affairs.proto",
        "yijian/departments/v1/correction.proto",
        "yijian/departments/v1/health.proto",
        "yijian/departments/v1/insurance.proto",
        "yijian/departments/v1/police.proto",
        "yijian/departments/v1/sms.proto",
        "yijian/departments/v1/social_security.proto",
        "yijian/departments/v1/tax.proto",
    ];
    let descriptors = protox::compile(files, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".yijian.bus").compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=proto");
    Ok(())
}
