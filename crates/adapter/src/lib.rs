//! The SDK with which a department writes its adapter: functions and a table of contents, and nothing else.
//!
//! ```text
//!  <area>.<department>.commands                                       the orchestrator's replies, notices
//!        |                                                                         ^
//!        v                                                                         | publish, then forget
//!   read, open -> inbox: the step's record -> plan -> answer known? ---- yes --> outbox
//!   (command)     (one load per batch)         |                                   ^
//!                                              | no: a call                        |
//!                                              v                                   |
//!                          commit intent -> the department's function -> commit result and replies
//!                          (not for local    (idempotency key: Call::id;            (one transaction; with a local
//!                           and queries)      no lock is held meanwhile)             handler's effect in it)
//!                                              |
//!                                              '- no result: called again under the same id, before anything
//!                                                 else is done for that step
//! ```
//!
//! What the rules are stands in [`record`], pure; what is kept, in [`inbox`]; who calls whom, in [`Runtime`]. A
//! department sees none of it. It writes:
//!
//! ```
//! use adapter::{Adapter, Call, Department, Reply, Retry, Undo, Undone, Unknown};
//! use serde::{Deserialize, Serialize};
//!
//! /// How the card centre is reached: an HTTP client, or a simulated one with a ledger.
//! struct CardCentre;
//!
//! #[derive(Deserialize)]
//! struct ApplyCard {
//!     citizen_id: String,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct CardReady {
//!     outlet: String,
//! }
//!
//! /// Social security cards (社会保障卡), 人社.
//! fn department(centre: CardCentre) -> Department {
//!     Adapter::for_department("social-security")
//!         .remote("ApplyCard", apply_for_card)
//!         .undone_by("WithdrawCard", withdraw_card)
//!         .serving(centre)
//! }
//!
//! async fn apply_for_card(centre: &CardCentre, request: ApplyCard, call: Call) -> Result<Reply<CardReady>, Unknown> {
//!     // `?` on a call whose outcome is unknown is silence, not failure: it is made again under the same id.
//!     match centre.apply(call.id(), &request.citizen_id).await? {
//!         Some(outlet) => Ok(Reply::succeeded(CardReady { outlet })),
//!         None => Ok(Reply::failed("HRS-804", Retry::Later)),
//!     }
//! }
//!
//! async fn withdraw_card(
//!     centre: &CardCentre,
//!     undo: Undo<ApplyCard, CardReady>,
//!     call: Call,
//! ) -> Result<Undone, Unknown> {
//!     centre.withdraw(call.id(), &undo.act_id).await?;
//!     Ok(Undone::Done)
//! }
//!
//! impl CardCentre {
//!     async fn apply(&self, _key: &str, _citizen_id: &str) -> std::io::Result<Option<String>> {
//!         Ok(Some("合肥市滨湖网点".to_owned()))
//!     }
//!     async fn withdraw(&self, _key: &str, _act: &str) -> std::io::Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! let department = department(CardCentre);
//! assert_eq!(department.commands(), [("ApplyCard", Some("WithdrawCard"))]);
//! ```
//!
//! Its tests are one line for each promise ([`testing`]).

mod reply;

mod call;

mod effects;

mod notice;

pub mod correction;

pub mod handler;

mod department;

mod settings;

#[cfg(feature = "mutations")]
mod mutation;

pub mod record;

pub mod inbox;

mod runtime;

pub mod simulated;

pub mod binary;

pub mod testing;

pub use call::{Call, Undo};
pub use department::{Adapter, CODE_FIELDS, Department};
pub use effects::{Bind, Effects, Local, LocalUndone, Statement};
pub use inbox::{Inbox, MemoryInbox, Outgoing, SqliteInbox};
#[cfg(feature = "mutations")]
pub use mutation::Mutation;
pub use notice::{Fact, Subject};
pub use reply::{Reply, Retry, Stopped, Undone, Unknown};
pub use runtime::{Error, Runtime};
pub use settings::Settings;
