//! The values that a pack may set for maternity claims and allowances (domain table D9).

use crate::law::{Kind, Term};

/// Days of the allowance.
pub(super) const DAYS: &str = "maternity.allowance_days";

/// Further days for a difficult birth.
pub(super) const DIFFICULT: &str = "maternity.difficult_birth_days";

/// Further days for each baby after the first.
pub(super) const EXTRA_BABY: &str = "maternity.extra_baby_days";

/// Further days that the province adds.
pub(super) const PROVINCE: &str = "maternity.province_days";

/// By how many days a month's wage is divided.
pub(super) const DIVISOR: &str = "maternity.wage_divisor";

/// Whether the allowance comes without application.
pub(super) const AUTOMATIC: &str = "maternity.allowance_without_application";

/// Whether the historic policy is asked.
pub(super) const ASKS_POLICY: &str = "maternity.asks_policy_compliance";

/// Whether originals go to the window.
pub(super) const ORIGINALS: &str = "maternity.originals_to_window";

/// The paper of a refusal.
pub(super) const PAPER: &str = "maternity.refusal_paper";

/// Its copies.
pub(super) const COPIES: &str = "maternity.refusal_copies";

/// All of them.
pub(super) const TERMS: &[Term] = &[
    Term { key: DAYS, zh: "生育津贴天数", en: "days of the allowance", kind: Kind::Count },
    Term { key: DIFFICULT, zh: "难产增加的天数", en: "further days for a difficult birth", kind: Kind::Count },
    Term {
        key: EXTRA_BABY,
        zh: "多胞胎每多生育1个婴儿增加的天数",
        en: "further days for each baby after the first",
        kind: Kind::Count,
    },
    Term { key: PROVINCE, zh: "本省增加的天数", en: "further days that the province adds", kind: Kind::Count },
    Term {
        key: DIVISOR,
        zh: "月平均工资折算为日的除数",
        en: "by how many days a month's average wage is divided",
        kind: Kind::Count,
    },
    Term {
        key: AUTOMATIC,
        zh: "定点医疗机构直接结算的参保女职工,生育津贴是否无需申请",
        en: "whether an employee whose costs were settled by network need not apply for the allowance",
        kind: Kind::Truth,
    },
    Term {
        key: ASKS_POLICY,
        zh: "是否审核计划生育政策(历史条款)",
        en: "whether compliance with the historic family planning policy is asked",
        kind: Kind::Truth,
    },
    Term {
        key: ORIGINALS,
        zh: "跨统筹区报销是否须将原始材料递交窗口",
        en: "whether a claim across areas needs the originals at the window",
        kind: Kind::Truth,
    },
    Term { key: PAPER, zh: "不予支付时出具的文书", en: "the paper of a refusal", kind: Kind::Text },
    Term { key: COPIES, zh: "该文书份数", en: "its copies", kind: Kind::Count },
];
