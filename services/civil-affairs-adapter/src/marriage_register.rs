//! What civil affairs' own systems can be asked: the seam between the adapter and the systems. An error means that there
//! is no answer yet.

use adapter::{Reply, Unknown};
use async_trait::async_trait;

use crate::contract::{QueryMarriage, QueryMarriageLicence, QueryMarriageLicenceOutput, QueryMarriageOutput};

/// The marriage register (婚姻登记系统) and the licence store.
#[async_trait]
pub trait MarriageRegister: Send + Sync + 'static {
    /// Looks for the mother's marriage.
    async fn find_marriage(&self, key: &str, request: &QueryMarriage) -> Result<Reply<QueryMarriageOutput>, Unknown>;
    /// Looks for her marriage licence.
    async fn find_licence(
        &self,
        key: &str,
        request: &QueryMarriageLicence,
    ) -> Result<Reply<QueryMarriageLicenceOutput>, Unknown>;
}
