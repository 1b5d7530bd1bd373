//! One text in the forms in which providers of text messages register it, and the limits that each of them sets.

use super::{Template, Variable, compose::filled_in, units};

/// A provider of text messages, by the form of its templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// `${name}`.
    Aliyun,
    /// `{1}`.
    Tencent,
    /// `${1}`.
    Huawei,
    /// The pack's own marks: the whole text is sent (云MAS, an operator's own gateway).
    Plain,
}

/// A limit that a text breaks: what, and what to do.
pub(crate) struct Limit {
    pub(crate) what: String,
    pub(crate) cure: &'static str,
}

/// UTF-16 units of a body, with its longest values.
const HUAWEI_UNITS_MAX: usize = 500;
/// Variables of a body.
const HUAWEI_VARIABLES_MAX: usize = 20;
/// Characters that its templates may not contain; 【】 clash with the signature at all providers.
const HUAWEI_REFUSED: [char; 8] = ['¥', '★', '^', '&', '√', '※', '[', ']'];
/// Characters of one value.
const ALIYUN_VALUE_MAX: usize = 35;

impl Provider {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Aliyun, Self::Tencent, Self::Huawei, Self::Plain];

    /// Its name in the command to send a message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Aliyun => "aliyun",
            Self::Tencent => "tencent",
            Self::Huawei => "huawei",
            Self::Plain => "plain",
        }
    }

    fn mark(self, at: usize, variable: &Variable) -> String {
        match self {
            Self::Aliyun => format!("${{{}}}", name(variable)),
            Self::Tencent => format!("{{{}}}", at + 1),
            Self::Huawei => format!("${{{}}}", at + 1),
            Self::Plain => variable.mark.to_string(),
        }
    }
}

/// The text as this provider registers it, without the signature. Variables are numbered as they first stand in it.
pub fn provider_form(template: &Template, provider: Provider) -> String {
    let marks: Vec<(&str, String)> = numbered(template)
        .into_iter()
        .enumerate()
        .map(|(at, variable)| (&*variable.mark, provider.mark(at, variable)))
        .collect();
    let marks: Vec<(&str, &str)> = marks.iter().map(|(mark, form)| (*mark, form.as_str())).collect();
    filled_in(&template.text, &marks)
}

/// The variables in the order in which they first stand in the text.
pub(super) fn numbered(template: &Template) -> Vec<&Variable> {
    let mut found: Vec<(usize, &Variable)> = template
        .variables
        .iter()
        .filter_map(|variable| template.text.find(&*variable.mark).map(|at| (at, variable)))
        .collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, variable)| variable).collect()
}

/// A variable's name where a provider wants one: what stands in its mark, or the end of its path.
pub(super) fn name(variable: &Variable) -> &str {
    match variable.mark.strip_prefix('{').and_then(|mark| mark.strip_suffix('}')) {
        Some(name) => name,
        None => variable.path.as_deref().and_then(|path| path.rsplit('.').next()).unwrap_or("value"),
    }
}

/// The limits of all providers that a text breaks: one that breaks any could not be registered there.
pub(crate) fn broken(template: &Template) -> Vec<Limit> {
    let mut found = Vec::new();
    let mut told = |what: String, cure| found.push(Limit { what, cure });
    if template.text.contains(['【', '】']) {
        told(
            "正文含有 the text contains 【 or 】, 与签名冲突 which clash with the signature".into(),
            "删去,签名由系统加上 remove them; the signature is put in front when sent",
        );
    }
    let refused: Vec<String> =
        HUAWEI_REFUSED.iter().filter(|sign| template.text.contains(**sign)).map(char::to_string).collect();
    if !refused.is_empty() {
        told(
            format!("正文含有华为云不收的符号 the text contains {}, which Huawei Cloud refuses", refused.join(" ")),
            "删去 remove them",
        );
    }
    if template.variables.len() > HUAWEI_VARIABLES_MAX {
        told(
            format!("变量超过 more than {HUAWEI_VARIABLES_MAX} variables (华为云 Huawei Cloud)"),
            "减少变量 use fewer",
        );
    }
    if let Some((one, other)) = adjacent(template) {
        told(
            format!("变量 {one} 与 {other} 相邻 stand side by side, which Huawei Cloud (华为云) refuses"),
            "在两者之间加文字 put words between them",
        );
    }
    let values: Vec<(&str, String)> =
        template.variables.iter().map(|variable| (&*variable.mark, "长".repeat(variable.longest))).collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(mark, value)| (*mark, value.as_str())).collect();
    let longest = units(&filled_in(&template.text, &values));
    if longest > HUAWEI_UNITS_MAX {
        told(
            format!("正文最长 {longest} the longest text has {longest} units; at most {HUAWEI_UNITS_MAX}"),
            "缩短 shorten it",
        );
    }
    for variable in template.variables.iter().filter(|variable| !(1..=ALIYUN_VALUE_MAX).contains(&variable.longest)) {
        told(
            format!(
                "变量 {} 最长 {} 字 its longest value has {} characters; 阿里云 Aliyun takes 1 to {ALIYUN_VALUE_MAX}",
                variable.mark, variable.longest, variable.longest
            ),
            "改用较短的类型或 `max` use a shorter kind or `max`",
        );
    }
    found
}

/// Two marks with nothing between them.
fn adjacent(template: &Template) -> Option<(&str, &str)> {
    let marks = || template.variables.iter().map(|variable| &*variable.mark);
    marks().find_map(|one| {
        let other = marks().find(|other| template.text.contains(&format!("{one}{other}")))?;
        Some((one, other))
    })
}
