//! A family, its departments, its clerks and the law, with a clock that goes on only when nothing else happens: a whole
//! saga without a byte of I/O.
//!
//! What the coordinator does around the core is done here as it does it: decisions' `gives` are laid among the facts,
//! legal times are stated, each occasion's messages are written, a procedure begins with the facts of its case.

#![allow(dead_code, reason = "each file of tests uses some of it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use identifiers::LocalMinute;
use policy::{Calendar, Pack, Packs, decide, facts, legal_time::Pause, legal_time::Span, message, step_times};
use saga::{
    Definition, Input, Outcome, PendingKind, Reason, Saga, Status, StepIndex,
    definition::{Performer, Selection},
    event::Command,
    input::{Question, Says, Timer},
    legal::Limit,
    pending,
};
use serde_json::{Map, Value, json};

/// The clerks of an office that is large enough for three levels of review.
pub(crate) const CLERKS: [&str; 3] = ["clerk-1", "clerk-2", "clerk-3"];

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// One case or one procedure, and everybody who acts in it.
pub(crate) struct Family {
    pub(crate) pack: Arc<Pack>,
    pub(crate) definition: Arc<Definition>,
    gives: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    pub(crate) saga: Saga,
    pub(crate) facts: Value,
    pub(crate) now: i64,
    /// Departments' steps that are refused, and persons' that are declined.
    refused: BTreeSet<&'static str>,
    /// Steps that nobody answers before this moment.
    pub(crate) silent: BTreeMap<&'static str, i64>,
    /// What departments and clerks answer, by step.
    pub(crate) answers: Value,
    /// Who works in the office. Nobody acts at two levels of one review.
    pub(crate) clerks: Vec<&'static str>,
    /// Each step that a department was sent, in order.
    pub(crate) sent: Vec<String>,
    /// What each department was sent last.
    pub(crate) fields: BTreeMap<String, Value>,
    /// The articles' rows by which the law decided, by step.
    pub(crate) rows: BTreeMap<String, String>,
    /// Every decision of the law, in order.
    pub(crate) decided: Vec<policy::Decision>,
    /// Each message, with its text.
    pub(crate) told: Vec<(String, String)>,
}

/// The moment of a minute in Beijing.
pub(crate) fn moment(minute: &str) -> i64 {
    LocalMinute::parse(minute).expect("a minute").to_timestamp().as_millisecond()
}

fn beijing(at: i64) -> LocalMinute {
    LocalMinute::from_timestamp(jiff::Timestamp::from_millisecond(at).expect("a moment"))
}

impl Family {
    /// The case of one child under this shipped pack, filed at nine in the morning.
    pub(crate) fn under(pack: &str, chosen: &[&str], form: Value, answers: Value) -> Self {
        Self::under_pack(Arc::clone(Packs::shipped().get(pack).expect("shipped")), chosen, form, answers)
    }

    pub(crate) fn under_pack(pack: Arc<Pack>, chosen: &[&str], form: Value, answers: Value) -> Self {
        let filed_on = form["application"]["submitted_on"].as_str().expect("the form says when").to_owned();
        let definition = Arc::clone(&pack.definition);
        let gives = pack.gives.clone();
        let mut family = Self::of(pack, definition, gives, form, answers, moment(&format!("{filed_on}T09:00")));
        family.input(Input::Start { chosen: chosen.iter().map(|item| Arc::from(*item)).collect(), group_size: 1 });
        family
    }

    fn of(
        pack: Arc<Pack>,
        definition: Arc<Definition>,
        gives: BTreeMap<Arc<str>, Vec<Arc<str>>>,
        facts: Value,
        answers: Value,
        now: i64,
    ) -> Self {
        Self {
            saga: Saga::new(&definition),
            pack,
            definition,
            gives,
            facts,
            now,
            refused: BTreeSet::new(),
            silent: BTreeMap::new(),
            answers,
            clerks: CLERKS.to_vec(),
            sent: Vec::new(),
            fields: BTreeMap::new(),
            rows: BTreeMap::new(),
            decided: Vec::new(),
            told: Vec::new(),
        }
    }

    /// A procedure that follows this case, with what is asked for and what is corrected; not yet answered by anybody.
    pub(crate) fn follows(&self, procedure: &str, request: Value, corrections: Value) -> Self {
        let known = self.pack.procedures.get(procedure).unwrap_or_else(|| panic!("no procedure {procedure}"));
        let corrections = corrections.as_object().cloned().unwrap_or_default();
        let received = self.received(&corrections);
        let mut facts = self.facts.clone();
        for (path, value) in &corrections {
            let (object, field) = path.split_once('.').expect("object.field");
            facts[object][field] = value.clone();
        }
        for step in &known.definition.steps {
            facts.as_object_mut().expect("an object").remove(&*step.name);
        }
        facts["request"] = request.clone();
        if let Some(payment) = request.get("payment") {
            let before = facts.as_object_mut().expect("an object").insert("premium".to_owned(), payment.clone());
            facts["payments"] = before.into_iter().chain([payment.clone()]).collect();
        }
        facts["correction"] = json!({ "paths": corrections.keys().collect::<Vec<_>>(), "received": received });
        facts["corrections"] = Value::Object(corrections);
        let (definition, gives) = (Arc::clone(&known.definition), known.gives.clone());
        let mut begun = Self::of(self.pack.clone(), definition, gives, facts, self.answers.clone(), self.now);
        begun.input(Input::Start { chosen: BTreeSet::new(), group_size: 1 });
        begun
    }

    /// The departments to which this case sent one of these paths.
    fn received(&self, corrections: &Map<String, Value>) -> BTreeSet<Arc<str>> {
        let within = |path: &str, whole: &str| {
            path == whole || path.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'))
        };
        let sent = |step: &saga::Step| {
            self.fields.contains_key(&*step.name)
                && step.send.iter().any(|path| {
                    let path = path.strip_suffix('?').unwrap_or(path);
                    corrections.keys().any(|corrected| within(corrected, path) || within(path, corrected))
                })
        };
        let steps = self.definition.steps.iter().filter(|step| sent(step));
        steps.filter_map(|step| step.department().cloned()).collect()
    }

    pub(crate) fn input(&mut self, input: Input) {
        let decision = saga::decide(&self.definition, &self.saga, &input, self.now);
        let occasions = message::told_by(&self.definition, &self.saga, &decision.events);
        self.saga = decision.saga;
        for occasion in occasions {
            let facts = self.with_occasion(&occasion);
            for due in message::due(&self.pack, &occasion, &facts) {
                let written = message::compose(&self.pack, &due.template, &facts).expect("a template");
                let written = written.unwrap_or_else(|why| panic!("{} at {}: {why}", due.template, occasion.word()));
                let text = written["text"].as_str().expect("a text").to_owned();
                self.told.push((due.template.to_string(), text));
            }
        }
    }

    fn with_occasion(&self, occasion: &message::Occasion) -> Value {
        let mut facts = self.facts.clone();
        let mut told = occasion.facts(&self.definition);
        told["case_number"] = json!("AH20260930000001");
        let step = occasion.step.as_ref().and_then(|name| self.definition.find(name));
        let ends_at = step.and_then(|step| {
            let limit = self.saga.run(step).legal.limit.map(|limit| limit.due_at);
            limit.or_else(|| self.saga.expires_at(&self.definition, step))
        });
        if let Some(ends_at) = ends_at {
            told["deadline"] = json!(beijing(ends_at - 1).as_str());
        }
        facts["occasion"] = told;
        facts
    }

    /// Until the case ends, or nothing moves for longer than any step waits.
    pub(crate) fn settles(mut self) -> Self {
        for _ in 0..2_000 {
            if self.saga.end.is_some() {
                return self;
            }
            let moved = self.the_law_decides() || self.the_law_states_times() || self.somebody_answers();
            if !moved && !self.time_passes() {
                return self;
            }
        }
        panic!("the case goes round in circles: {:?}", self.saga);
    }

    /// Until this step waits for somebody.
    pub(crate) fn settles_before(mut self, name: &'static str) -> Self {
        self.silent.insert(name, i64::MAX);
        self.pauses()
    }

    /// Until nobody has anything to do but who is silent; the clock stands still.
    pub(crate) fn pauses(mut self) -> Self {
        while self.saga.end.is_none()
            && (self.the_law_decides() || self.the_law_states_times() || self.somebody_answers())
        {}
        self
    }

    fn the_law_decides(&mut self) -> bool {
        let deciding = |step: &StepIndex| self.saga.run(*step).status == Status::Deciding;
        let Some(step) = self.definition.indices().find(deciding) else { return false };
        let is = self.definition.step(step);
        let (rule, question) = match (&is.performer, &is.selection) {
            (_, Selection::Rule(rule)) if self.saga.run(step).selected.is_none() => (rule, Question::Selection),
            (Performer::Law { rule }, _) => (rule, Question::Performance),
            _ => panic!("nothing to ask about {}", is.name),
        };
        let decision = decide(rule, &self.pack, &Calendar::shipped(), &self.facts, &beijing(self.now))
            .unwrap_or_else(|why| panic!("{}: {why}", is.name));
        self.decided.push(decision.clone());
        if question == Question::Performance {
            self.rows.insert(is.name.to_string(), decision.row.to_string());
            if decision.outcome == policy::Outcome::Yes && !decision.gives.is_empty() {
                self.facts[&*is.name] = Value::Object(decision.gives.clone());
            }
        }
        self.input(Input::Decided { step, question, verdict: decision.into(), explained: None });
        true
    }

    fn the_law_states_times(&mut self) -> bool {
        let wants = |step: &StepIndex| self.saga.wants_times(&self.definition, *step);
        let Some(step) = self.definition.indices().find(wants) else { return false };
        let is = self.definition.step(step);
        let own = &self.saga.run(step).legal;
        let spanning = is.limit_from.map(|from| &self.saga.run(from).legal).filter(|from| from.began > 0);
        let pauses: Vec<Pause> = own
            .pauses
            .iter()
            .chain(spanning.into_iter().flat_map(|from| &from.pauses))
            .map(|(from, until)| Pause { from: beijing(*from), until: beijing(*until) })
            .collect();
        let began = beijing(spanning.unwrap_or(own).began);
        let limit = is.limit.as_deref().and_then(Span::parse).map(|span| {
            let times = step_times::limit(&self.pack, &Calendar::shipped(), span, &began, &pauses, &is.source);
            let times = times.expect("a year that is known");
            let at = |minute: &LocalMinute| minute.to_timestamp().as_millisecond();
            Limit { near_at: at(&times.near_at), due_at: at(&times.passed_at), escalate_at: at(&times.escalate_at) }
        });
        let reminders = is.remind_on.iter().flat_map(|on| step_times::reminders(on, &self.facts));
        let reminders = reminders.map(|minute| minute.to_timestamp().as_millisecond());
        let reminders = reminders.filter(|at| *at > self.now).collect();
        self.input(Input::Times { step, limit, unknown: None, reminders });
        true
    }

    fn somebody_answers(&mut self) -> bool {
        for waiting in pending(&self.definition, &self.saga) {
            let (step, name) = (waiting.step, Arc::clone(&self.definition.step(waiting.step).name));
            if self.silent.get(&*name).is_some_and(|until| self.now < *until) {
                continue;
            }
            match waiting.kind {
                PendingKind::Task { .. } => {
                    let Some(says) = self.person(step, &name) else { continue };
                    self.input(Input::Answered { step, revision: waiting.revision, says });
                    return true;
                }
                PendingKind::Command { command, .. } => {
                    let outcome = match command {
                        Command::Act => self.department(step, &name),
                        Command::Cancel => Outcome::Cancelled,
                        Command::Compensate => Outcome::Compensated,
                    };
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

    /// What a person says to a task; `None` where nobody is there who may answer it.
    fn person(&mut self, step: StepIndex, name: &str) -> Option<Says> {
        let is = self.definition.step(step);
        let Performer::Person { role, .. } = &is.performer else { panic!("{name} is no person's") };
        if &**role == "clerk" {
            let before = is.differs_from.iter().map(|other| &self.definition.step(*other).name);
            let before: Vec<&str> =
                before.filter_map(|other| facts::text(&self.facts, &format!("{other}.officer"))).collect();
            let officer = *self.clerks.iter().find(|clerk| !before.contains(clerk))?;
            let mut answered = self.answers.get(name).cloned().unwrap_or_else(|| json!({}));
            answered["officer"] = json!(officer);
            self.facts[name] = answered;
        }
        Some(if self.refused.contains(name) { Says::Declined } else { Says::Done })
    }

    fn department(&mut self, step: StepIndex, name: &str) -> Outcome {
        let is = self.definition.step(step);
        let fields = facts::compose(&is.send, &self.facts).unwrap_or_else(|missing| panic!("{name}: {missing}"));
        self.sent.push(name.to_owned());
        let mut output = Map::new();
        for field in self.gives.get(name).into_iter().flatten() {
            let told = self.answers.get(name).and_then(|answer| answer.get(&**field)).cloned();
            output.insert(field.to_string(), told.or_else(|| echoed(name, field, &fields)).unwrap_or(json!("值")));
        }
        self.fields.insert(name.to_owned(), fields);
        if self.refused.contains(name) {
            return Outcome::Refused { reason: Reason { code: "T-1".into(), offline_route: "police".into() } };
        }
        self.facts[name] = Value::Object(output);
        Outcome::Succeeded
    }

    /// The next thing that only the clock brings, for those who do not answer.
    fn time_passes(&mut self) -> bool {
        let due = pending(&self.definition, &self.saga).into_iter().filter(|waiting| waiting.timer() != Timer::Resend);
        let next = due.min_by_key(|waiting| waiting.due_at);
        let speaks = self.silent.values().filter(|until| **until > self.now && **until < i64::MAX).min().copied();
        match (next, speaks) {
            (Some(next), speaks) if speaks.is_none_or(|at| next.due_at <= at) => {
                if next.due_at > self.now + 500 * DAY {
                    return false;
                }
                self.now = self.now.max(next.due_at);
                self.input(Input::Due { step: next.step, timer: next.timer(), revision: next.revision });
            }
            (_, Some(speaks)) => self.now = speaks,
            (_, None) => return false,
        }
        true
    }

    /// A department refuses this step, or a person declines it.
    pub(crate) fn refuses(&mut self, name: &'static str) {
        self.refused.insert(name);
    }

    /// How a step stands.
    pub(crate) fn status(&self, name: &str) -> Status {
        self.saga.run(self.definition.find(name).unwrap_or_else(|| panic!("no step {name}"))).status
    }

    /// Each message, in the order in which it was sent.
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.told.iter().map(|(id, _)| &**id).collect()
    }

    /// The text of a message that was sent.
    pub(crate) fn text(&self, id: &str) -> &str {
        let found = self.told.iter().find(|(told, _)| told == id);
        &found.unwrap_or_else(|| panic!("{id} was not sent, only {:?}", self.messages())).1
    }
}

/// What a department answers because it was told so: the days of a window, the sums that were paid.
fn echoed(step: &str, field: &str, fields: &Value) -> Option<Value> {
    let of = |path: &str| facts::at(fields, path).cloned();
    match (step, field) {
        ("benefit-window", "start_on" | "end_on") => {
            of(&format!("benefit-choice.{field}")).or_else(|| of(&format!("benefit.{field}")))
        }
        ("maternity-payment", "amount_fen") => of("approval.amount_fen"),
        ("refund-payment", "amount_fen") => of("refund.amount_fen"),
        _ => None,
    }
}

/// What a mother in Hefei fills in for a child born on 2026-03-02.
pub(crate) fn form() -> Value {
    let parent = |id_number| {
        json!({"name": "测试", "id_number": id_number, "ethnicity": "01", "nationality": "CHN", "document_type": "01",
               "household_address": "测试路1号", "phone": "13800000000"})
    };
    json!({
        "application": {"channel": "app", "area": "340104", "submitted_on": "2026-03-05"},
        "mother": parent("340104199003070021"),
        "father": parent("34010419880505001X"),
        "residence": {"police_station": "测试派出所", "address": "测试路1号"},
        "child": {"order": 1, "name": "测试丙", "sex": "1", "born_at": "2026-03-02T08:30", "gestation_weeks": 39,
                  "weight_g": 3300, "length_cm": 50, "birth_place": "facility", "facility_name": "测试医院",
                  "registration": {"follow": "father", "relation_to_head": "20", "ethnicity": "01", "native_place": "340104"},
                  "insurance": {"years": ["birth-year"], "kind": "390", "place": "340104"},
                  "card": {"bank": "102", "phone": "13800000000"}},
        "hand_over": {"certificate": "collect", "household_register": "household-place", "card": "collect"},
        "notice_version": "1",
        "marriage_licence_claimed": true,
    })
}

/// What the departments of Anhui and its clerks answer, beyond a word in each field: everything is as it should be.
pub(crate) fn answers() -> Value {
    let household =
        json!({"found": true, "area": "340104", "address": "测试路1号", "ethnicity": "01", "household_type": "family"});
    json!({
        "delivery": {"found": true, "live_birth": true, "in_province": true, "place": "facility",
                     "mother_id_number": "340104199003070021", "within_window": true, "collected_offline": false,
                     "delivered_on": "2026-03-02"},
        "household": {"mother": household, "father": household},
        "marriage": {"found": true, "spouse_id_number": "34010419880505001X"},
        "marriage-licence": {"claimed": true},
        "enrolment": {"person_number": "P1", "area": "340104", "enrolled_on": "2026-03-06", "years": ["birth-year"]},
        "premium": {"voucher": "V1", "paid_at": "2026-03-07T10:00", "amount_fen": 40_000, "years": [2026]},
        "maternity-status": {"insured": "employee", "settled": true, "own_area": true, "emergency": false,
                             "difficult_birth": false, "babies": 1, "average_monthly_wage_fen": 600_000,
                             "designated": true, "agreement": {"from": "2026-01-01", "until": "2026-12-31"},
                             "costs": [{"on": "2026-03-02", "amount_fen": 500_000}]},
        "first-review": {"materials_genuine": true, "insured": true, "employer_paid": true,
                         "within_claim_period": true, "originals_received": true},
        "approval": {"amount_fen": 312_050, "allowance_fen": 0},
        "maternity-payment": {"account_tail": "1234"},
        "top-up": {"amount_fen": 10_000, "account_tail": "1234"},
        "benefit-choice": {"start_on": "2026-03-02", "end_on": "2026-12-31"},
        "refund-payment": {"account_tail": "1234"},
        "overcollection": {"proof_number": "证1号"},
    })
}

/// The same child in 运城, Shanxi.
pub(crate) fn form_in_shanxi() -> Value {
    let mut form = form();
    form["application"]["area"] = json!("140802");
    form["child"]["insurance"]["place"] = json!("140802");
    form
}

/// What the departments of Shanxi answer.
pub(crate) fn answers_in_shanxi() -> Value {
    let mut answers = answers();
    answers["enrolment"]["area"] = json!("140802");
    answers["provisional"] = json!({"person_number": "P0", "area": "140802", "enrolled_on": "2026-03-20"});
    answers["subsidy-entry"] = json!({"ledger_entry": "ZZ1408022026000001", "year": 2026, "amount_fen": 40_000});
    answers
}
