//! The project's .proto files as Rust types: generated code, and the one thing that both ends of the bus
//! compute by hand.
//!
//! `v1` is what the government platform and operators call; `bus` is what travels between the orchestrator and the
//! departments' adapters; `departments` is what each department is given and answers; `associated` is what both ends of
//! the bus must compute alike. The commented sources are in `proto/proto`.

#![allow(missing_docs, clippy::all)]

pub mod associated;

/// The API: `yijian.v1`.
pub mod v1 {
    tonic::include_proto!("yijian.v1");
}

/// The bus: `yijian.bus.v1`.
pub mod bus {
    tonic::include_proto!("yijian.bus.v1");
}

/// The departments' contracts: `yijian.departments.v1`. On the bus they travel as JSON with the names of these fields;
/// the types are here for adapters in other languages and for the tests that compare names.
pub mod departments {
    tonic::include_proto!("yijian.departments.v1");
}

/// The compiled descriptors of all files, for gRPC reflection and for proto JSON.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
