//! Everything that reaches the orchestrator: gRPC, the bus, the clock. Each parses at the edge and hands work to the
//! coordinator; none decides anything.

pub mod bus;
pub mod deadlines;
pub mod form;
pub mod grpc;
