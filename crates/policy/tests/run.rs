//! The shipped packs run: each through the core, with the law asked and every command composed from the facts that are
//! known by then.

use std::{collections::BTreeSet, sync::Arc};

use policy::{Calendar, Pack, Packs, decide, facts, message};
use saga::{
    Definition, Input, Outcome, PendingKind, Reason, Saga, Status, StepIndex,
    definition::{Performer, Selection},
    input::{Question, Says, Timer},
    pending,
    state::End,
};
use serde_json::{Map, Value, json};

/// A family, its departments, and the law, with a clock that goes on only when nothing else happens.
struct Family {
    pack: Arc<Pack>,
    saga: Saga,
    facts: Value,
    now: i64,
    refused: BTreeSet<&'static str>,
    silent: BTreeSet<&'static str>,
    sent: Vec<String>,
}

fn form() -> Value {
    let parent = |id_number| {
        json!({"name": "测试", "id_number": id_number, "ethnicity": "01", "nationality": "CHN", "document_type": "01",
               "household_address": "测试路1号", "phone": "13800000000"})
    };
    json!({
        "application": {"channel": "app", "area": "340104", "submitted_on": "2026-11-02"},
        "mother": parent("340104199003070021"),
        "father": parent("34010419880505001X"),
        "residence": {"police_station": "测试派出所", "address": "测试路1号"},
        "child": {"order": 1, "name": "测试丙", "sex": "male", "born_at": "2026-11-01T09:30", "gestation_weeks": 39,
                  "weight_g": 3300, "length_cm": 50, "birth_place": "facility", "facility_name": "测试医院",
                  "registration": {"follow": "father", "relation_to_head": "20", "ethnicity": "01", "native_place": "340104"},
                  "insurance": {"years": ["birth-year"], "kind": "390", "place": "340104"},
                  "card": {"bank": "102", "phone": "13800000000"}},
        "hand_over": {"certificate": "collect", "household_register": "household-place", "card": "collect"},
        "notice_version": "1",
        "marriage_licence_claimed": true,
    })
}

/// What the departments answer, beyond a word in each field.
fn answers() -> Value {
    let household =
        json!({"found": true, "area": "340104", "address": "测试路1号", "ethnicity": "01", "household_type": "family"});
    json!({
        "delivery": {"found": true, "live_birth": true, "in_province": true, "place": "facility",
                     "mother_id_number": "340104199003070021", "within_window": true, "collected_offline": false},
        "household": {"mother": household, "father": household},
        "marriage": {"found": true, "spouse_id_number": "34010419880505001X"},
        "marriage-licence": {"claimed": true},
    })
}

impl Family {
    fn under(pack: &str, chosen: &[&str]) -> Self {
        let pack = Arc::clone(Packs::shipped().get(pack).expect("shipped"));
        let saga = Saga::new(&pack.definition);
        let mut family = Self {
            pack,
            saga,
            facts: form(),
            now: 1_000,
            refused: BTreeSet::new(),
            silent: BTreeSet::new(),
            sent: Vec::new(),
        };
        family.input(Input::Start { chosen: chosen.iter().map(|item| Arc::from(*item)).collect(), group_size: 1 });
        family
    }

    fn input(&mut self, input: Input) {
        self.saga = saga::decide(&self.pack.definition, &self.saga, &input, self.now).saga;
    }

    /// Until the case ends, or nothing moves for a year.
    fn settles(mut self) -> Self {
        let definition = Arc::clone(&self.pack.definition);
        for _ in 0..500 {
            if self.saga.end.is_some() {
                return self;
            }
            if !self.the_law_decides(&definition)
                && !self.somebody_answers(&definition)
                && !self.time_passes(&definition)
            {
                return self;
            }
        }
        panic!("the case goes round in circles: {:?}", self.saga);
    }

    fn the_law_decides(&mut self, definition: &Definition) -> bool {
        let Some(step) = definition.indices().find(|step| self.saga.run(*step).status == Status::Deciding) else {
            return false;
        };
        let (rule, question) = match (&definition.step(step).performer, &definition.step(step).selection) {
            (Performer::Law { rule }, _) => (rule, Question::Performance),
            (_, Selection::Rule(rule)) => (rule, Question::Selection),
            _ => panic!("nothing to ask"),
        };
        let at = identifiers::LocalMinute::parse("2026-03-01T09:00").expect("a minute");
        let verdict = decide(rule, &self.pack, &Calendar::shipped(), &self.facts, &at).expect("a known rule").into();
        self.input(Input::Decided { step, question, verdict, explained: None });
        true
    }

    fn somebody_answers(&mut self, definition: &Definition) -> bool {
        for waiting in pending(definition, &self.saga) {
            let (step, name) = (waiting.step, Arc::clone(&definition.step(waiting.step).name));
            if self.silent.contains(&*name) {
                continue;
            }
            match waiting.kind {
                PendingKind::Task { .. } => {
                    self.input(Input::Answered { step, revision: waiting.revision, says: Says::Done });
                    return true;
                }
                PendingKind::Command { command, .. } => {
                    let outcome = self.department(definition, step, &name);
                    self.input(Input::Reply { step, command, revision: waiting.revision, number: 1, outcome });
                    return true;
                }
                PendingKind::Expiry
                | PendingKind::Late
                | PendingKind::Legal
                | PendingKind::Message { .. }
                | PendingKind::Call => {}
            }
        }
        false
    }

    fn department(&mut self, definition: &Definition, step: StepIndex, name: &str) -> Outcome {
        let is = definition.step(step);
        let mut facts = self.facts.clone();
        if let Some(template) = &is.message {
            facts["message"] = message::compose(&self.pack, template, &facts).expect("a template").expect("all facts");
        }
        facts::compose(&is.send, &facts).unwrap_or_else(|missing| panic!("{name}: {missing}"));
        self.sent.push(name.to_owned());
        if self.refused.contains(name) {
            return Outcome::Refused { reason: Reason { code: "T-1".into(), offline_route: "police".into() } };
        }
        let mut output = Map::new();
        for field in self.pack.gives.get(name).into_iter().flatten() {
            output.insert(field.to_string(), answers()[name].get(&**field).cloned().unwrap_or_else(|| json!("值")));
        }
        self.facts[name] = Value::Object(output);
        Outcome::Succeeded
    }

    /// The next thing that only the clock brings, for those who do not answer.
    fn time_passes(&mut self, definition: &Definition) -> bool {
        let due = pending(definition, &self.saga).into_iter().filter(|waiting| waiting.timer() != Timer::Resend);
        let Some(next) = due.min_by_key(|waiting| waiting.due_at) else { return false };
        if next.due_at > self.now + 366 * 86_400_000 {
            return false;
        }
        self.now = self.now.max(next.due_at);
        let (step, timer, revision) = (next.step, next.timer(), next.revision);
        self.input(Input::Due { step, timer, revision });
        true
    }

    fn status(&self, name: &str) -> Status {
        self.saga.run(self.pack.definition.find(name).expect("a step")).status
    }
}

const ALL: [&str; 5] = [
    "social-security-card",
    "insurance-enrolment",
    "insurance-premium",
    "maternity-reimbursement",
    "parenting-guidance",
];

/// A family that does everything right would otherwise not get everything it asked for.
#[test]
fn in_anhui_a_family_gets_every_item_it_chose() {
    let family = Family::under("anhui-2024", &ALL).settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    for step in &family.pack.definition.steps {
        assert_eq!(family.status(&step.name), Status::Succeeded, "{}", step.name);
    }
    assert_eq!(family.sent.iter().filter(|name| *name == "enrolment.succeeded").count(), 1);
}

/// A family that wants only what it must have would otherwise be given more, or wait for it for ever.
#[test]
fn in_anhui_what_was_not_chosen_is_not_done() {
    let family = Family::under("anhui-2024", &[]).settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    for name in ["card", "enrolment", "premium", "maternity", "guidance"] {
        assert_eq!(family.status(name), Status::Unselected, "{name}");
    }
    assert!(!family.sent.contains(&"enrolment.succeeded".to_owned()));
}

/// A family that is not eligible would otherwise be asked to sign, or be issued a certificate it cannot use.
#[test]
fn in_anhui_who_is_not_eligible_is_told_at_once() {
    let mut family = Family::under("anhui-2024", &ALL);
    family.facts["father"]["id_number"] = json!("340104198805050036");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Rejected));
    assert_eq!(family.sent, ["delivery", "household", "marriage", "marriage-licence"]);
    let eligibility = family.pack.definition.find("eligibility").expect("a step");
    let codes: Vec<&str> = family.saga.run(eligibility).reasons.iter().map(|reason| &*reason.code).collect();
    assert_eq!(codes, ["PRE-106"]);
}

/// A father who never answers would otherwise leave the mother waiting without an end.
#[test]
fn in_anhui_a_father_who_never_answers_ends_the_case() {
    let mut family = Family::under("anhui-2024", &ALL);
    family.silent.insert("father-authorisation");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Expired));
    assert_eq!(family.now, 1_000 + 7 * 86_400_000);
}

/// A family whose card is refused would otherwise lose its insurance with it.
#[test]
fn in_anhui_one_refused_branch_touches_no_other() {
    let mut family = Family::under("anhui-2024", &ALL);
    family.refused.insert("card");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::PartiallyCompleted), "{:#?}", family.saga.steps);
    assert_eq!(family.status("card"), Status::Offline);
    for name in ["enrolment", "premium", "maternity", "guidance", "hand-over", "close"] {
        assert_eq!(family.status(name), Status::Succeeded, "{name}");
    }
}

/// A family whose registration goes to the counter would otherwise not be handed its certificate.
#[test]
fn in_anhui_a_refused_registration_leaves_the_certificate() {
    let mut family = Family::under("anhui-2024", &ALL);
    family.refused.insert("registration");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Offline), "{:#?}", family.saga.steps);
    assert_eq!((family.status("certificate"), family.status("hand-over")), (Status::Succeeded, Status::Succeeded));
    assert!(!family.sent.contains(&"enrolment".to_owned()));
}

/// A newborn in Shanxi would otherwise not be insured by itself, or be enrolled twice.
#[test]
fn in_shanxi_enrolment_and_subsidy_follow_registration_by_themselves() {
    let family = Family::under("shanxi-2026", &[]).settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    assert_eq!(family.sent, ["certificate", "registration", "enrolment", "subsidy"]);
}

/// A newborn whose registration is refused would otherwise lie in hospital without insurance.
#[test]
fn in_shanxi_a_child_without_registration_is_enrolled_provisionally() {
    let mut family = Family::under("shanxi-2026", &[]);
    family.refused.insert("registration");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Offline), "{:#?}", family.saga.steps);
    assert_eq!(family.sent, ["certificate", "registration", "provisional"]);
}

/// A newborn whose registration takes more than a month would otherwise wait for its insurance all that time.
#[test]
fn in_shanxi_a_late_registration_starts_provisional_enrolment_and_later_the_other_knows_of_it() {
    let mut family = Family::under("shanxi-2026", &[]);
    family.silent.insert("registration");
    let mut family = family.settles();
    assert_eq!(family.saga.end, None, "the department is asked on");
    assert_eq!(family.sent, ["certificate", "provisional"]);
    family.silent.clear();
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    let enrolment = family.pack.definition.find("enrolment").expect("a step");
    let sent = facts::compose(&family.pack.definition.step(enrolment).send, &family.facts).expect("all facts");
    assert_eq!(sent["provisional"], json!({"person_number": "值"}));
}
