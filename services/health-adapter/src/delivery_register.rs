//! What the health department's own system can be asked: the seam between the adapter and the system.
//!
//! Every acting method is given the idempotency key of the call; called again with the same key it does nothing more
//! and says what became of the first. An error means that the outcome is not known. What the system says no to, it says
//! with the codes of the contract.

use adapter::{
    Reply, Stopped, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};
use async_trait::async_trait;

use crate::contract::{
    HandOverCertificate, HandOverCertificateOutput, IssueBirthCertificate, IssueBirthCertificateOutput, QueryDelivery,
    QueryDeliveryOutput, RegisterGuidance, RegisterGuidanceOutput,
};

/// The register of deliveries and certificates (出生医学证明管理系统), and the guidance service beside it.
#[async_trait]
pub trait DeliveryRegister: Send + Sync + 'static {
    /// Looks for the mother's delivery.
    async fn find_delivery(&self, key: &str, request: &QueryDelivery) -> Result<Reply<QueryDeliveryOutput>, Unknown>;
    /// Issues a certificate, or answers with the one that stands for this child.
    async fn issue(
        &self,
        key: &str,
        request: &IssueBirthCertificate,
    ) -> Result<Reply<IssueBirthCertificateOutput>, Unknown>;
    /// Voids the certificate issued under `act` (废证), or stops its issuing.
    async fn void(&self, act: &str, key: &str) -> Result<Undone, Unknown>;
    /// Stops the issuing taken up under `act`.
    async fn stop_issuing(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Hands the certificate over or posts it.
    async fn hand_over(
        &self,
        key: &str,
        request: &HandOverCertificate,
    ) -> Result<Reply<HandOverCertificateOutput>, Unknown>;
    /// Stops the handing over taken up under `act`.
    async fn stop_hand_over(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Registers for parenting guidance.
    async fn register_guidance(
        &self,
        key: &str,
        request: &RegisterGuidance,
    ) -> Result<Reply<RegisterGuidanceOutput>, Unknown>;
    /// Cancels the registration made under `act`, or stops it.
    async fn cancel_guidance(&self, act: &str, key: &str) -> Result<Undone, Unknown>;
    /// Stops the registration taken up under `act`.
    async fn stop_guidance(&self, act: &str) -> Result<Stopped, Unknown>;
    /// Corrects a record and keeps what stood before.
    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown>;
}
