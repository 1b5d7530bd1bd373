//! What a department's function may answer: the outcomes of acting, undoing and stopping, and the one word for a call
//! whose outcome is not known.
//!
//! A department writes these; the SDK numbers, seals, records and sends them. Nothing here knows of sagas or of the bus.

use std::fmt;

/// Whether sending the same command again can help after [`Reply::failed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Yes: something was missing or down for the moment.
    Later,
    /// No: a person must look. The step is shown as stuck at once.
    Never,
}

/// The answer to one act.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply<Output> {
    /// 受理: taken up under the department's own case number; the result comes later, when the act is called again.
    Accepted {
        /// The department's case number; never a person's number.
        number: String,
    },
    /// How far an accepted act has come, e.g. 初审, 复核, 审批.
    Progress {
        /// The stage in the department's words.
        stage: String,
    },
    /// 补正: nothing was done; the applicant must correct these fields.
    NeedsCorrection {
        /// The department's code, e.g. `HRS-803`.
        code: String,
        /// The fields of the contract that must be corrected.
        fields: Vec<String>,
        /// Why, for the applicant; may speak of a person, so it travels sealed.
        why: String,
    },
    /// 办结: the effect was done.
    Succeeded(Output),
    /// 不予办理: nothing was done and nothing will be.
    Refused {
        /// The department's code, e.g. `HRS-801`.
        code: String,
        /// Why, for the applicant, in Chinese; may speak of a person, so it travels sealed.
        reason: String,
        /// Where the family can go instead: a key of the pack's offline routes.
        offline_route: String,
    },
    /// This one call came to nothing: nothing was done by it.
    Failed {
        /// The department's code.
        code: String,
        /// Whether another sending can help.
        retry: Retry,
    },
}

impl<Output> Reply<Output> {
    /// 受理, under the department's own case number.
    pub fn accepted(number: impl Into<String>) -> Self {
        Reply::Accepted { number: number.into() }
    }

    /// The stage that an accepted act has reached.
    pub fn progress(stage: impl Into<String>) -> Self {
        Reply::Progress { stage: stage.into() }
    }

    /// 补正: nothing was done, these fields must be corrected, and why.
    pub fn needs_correction<Field: Into<String>>(
        code: impl Into<String>,
        fields: impl IntoIterator<Item = Field>,
        why: impl Into<String>,
    ) -> Self {
        Reply::NeedsCorrection {
            code: code.into(),
            fields: fields.into_iter().map(Into::into).collect(),
            why: why.into(),
        }
    }

    /// The effect was done, or stands already as the same fact (registered at a counter).
    pub fn succeeded(output: Output) -> Self {
        Reply::Succeeded(output)
    }

    /// The department says no: nothing was done. The reason is for the applicant, in Chinese.
    pub fn refused(code: impl Into<String>, reason: impl Into<String>, offline_route: impl Into<String>) -> Self {
        Reply::Refused { code: code.into(), reason: reason.into(), offline_route: offline_route.into() }
    }

    /// Nothing was done by this call, known for sure. A call whose outcome is unknown is [`Unknown`] instead.
    pub fn failed(code: impl Into<String>, retry: Retry) -> Self {
        Reply::Failed { code: code.into(), retry }
    }

    /// The same answer with another output.
    pub(crate) fn map<Other, E>(self, convert: impl FnOnce(Output) -> Result<Other, E>) -> Result<Reply<Other>, E> {
        Ok(match self {
            Reply::Accepted { number } => Reply::Accepted { number },
            Reply::Progress { stage } => Reply::Progress { stage },
            Reply::NeedsCorrection { code, fields, why } => Reply::NeedsCorrection { code, fields, why },
            Reply::Succeeded(output) => Reply::Succeeded(convert(output)?),
            Reply::Refused { code, reason, offline_route } => Reply::Refused { code, reason, offline_route },
            Reply::Failed { code, retry } => Reply::Failed { code, retry },
        })
    }
}

/// Shows which answer it is and its code, never an output or a reason.
impl<Output> fmt::Debug for Reply<Output> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Accepted { .. } => formatter.write_str("Accepted"),
            Reply::Progress { stage } => write!(formatter, "Progress({stage})"),
            Reply::NeedsCorrection { code, fields, .. } => write!(formatter, "NeedsCorrection({code}, {fields:?})"),
            Reply::Succeeded(_) => formatter.write_str("Succeeded"),
            Reply::Refused { code, .. } => write!(formatter, "Refused({code})"),
            Reply::Failed { code, retry } => write!(formatter, "Failed({code}, {retry:?})"),
        }
    }
}

/// The answer to undoing an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Nothing of it stands any more.
    Done,
    /// This one call came to nothing: what stood still stands.
    Failed {
        /// The department's code.
        code: String,
        /// Whether another sending can help.
        retry: Retry,
    },
}

/// The answer to stopping the department's own handling of an accepted act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It will not be done, even if asked again under the same id.
    Stopped,
    /// It has been decided meanwhile: calling the act again tells the result, which then counts.
    TooLate,
    /// This one call came to nothing: the handling goes on.
    Failed {
        /// The department's code.
        code: String,
        /// Whether another sending can help.
        retry: Retry,
    },
}

/// The outcome of a call is not known: it may have been done or not. To the saga this is silence.
///
/// Every error turns into it with `?`. It keeps the error's type and drops its text, which may quote what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    cause: &'static str,
}

impl Unknown {
    /// Unknown, for a cause in fixed words, e.g. `"connection lost"`.
    pub const fn because(cause: &'static str) -> Self {
        Self { cause }
    }

    /// The cause: fixed words or the name of an error type; never data.
    pub fn cause(&self) -> &'static str {
        self.cause
    }
}

impl<E: std::error::Error> From<E> for Unknown {
    fn from(_: E) -> Self {
        Self { cause: std::any::type_name::<E>() }
    }
}
