//! Definitions for tests, written as sentences.

use std::sync::Arc;

use saga::{
    Cause, Definition, Step, StepIndex,
    definition::{
        Compensation, Expiry, Kind, OnBereavement, OnRefusal, Performer, RemindOn, Retry, Scope, Selection, StartWhen,
    },
};

/// A step whose predecessors are still names.
#[derive(Clone)]
pub struct Draft {
    pub step: Step,
    after: Vec<String>,
    once_settled: Vec<String>,
    late: Vec<(String, i64)>,
    offline: Vec<String>,
}

/// A department's step; the department is named after it.
pub fn department(name: &str) -> Draft {
    let performer = Performer::Department { department: format!("{name}-department").into(), command: name.into() };
    draft(name, performer)
}

/// A person's step.
pub fn person(name: &str, role: &str) -> Draft {
    draft(name, Performer::Person { role: role.into(), task: name.into(), methods: Vec::new() })
}

/// A step that a rule of law performs.
pub fn law(name: &str) -> Draft {
    draft(name, Performer::Law { rule: name.into() })
}

fn draft(name: &str, performer: Performer) -> Draft {
    let step = Step {
        name: name.into(),
        title: name.into(),
        item: None,
        mandatory: false,
        scope: Scope::Child,
        performer,
        after: Vec::new(),
        once_settled: Vec::new(),
        start_when: Vec::new(),
        send: Vec::new(),
        index: Vec::new(),
        kind: Kind::Compensable,
        selection: Selection::Always,
        retry: Retry::default(),
        expiry: None,
        remind_ms: Vec::new(),
        refused: OnRefusal::Reject,
        declined: OnRefusal::Reject,
        compensation: None,
        notices: Vec::new(),
        bereavement: OnBereavement::Person,
        limit: None,
        remind_on: None,
        limit_from: None,
        differs_from: Vec::new(),
        source: "test".into(),
    };
    Draft { step, after: Vec::new(), once_settled: Vec::new(), late: Vec::new(), offline: Vec::new() }
}

impl Draft {
    pub fn after(mut self, names: &[&str]) -> Self {
        self.after.extend(names.iter().map(ToString::to_string));
        self
    }

    pub fn once_settled(mut self, names: &[&str]) -> Self {
        self.once_settled.extend(names.iter().map(ToString::to_string));
        self
    }

    pub fn when_late(mut self, name: &str, after_ms: i64) -> Self {
        self.late.push((name.into(), after_ms));
        self
    }

    pub fn when_offline(mut self, name: &str) -> Self {
        self.offline.push(name.into());
        self
    }

    pub fn undone_for(mut self, on: &[Cause]) -> Self {
        self.step.compensation =
            Some(Compensation { command: format!("Undo{}", self.step.name).into(), on: on.to_vec() });
        self
    }

    pub fn pivot(mut self) -> Self {
        self.step.kind = Kind::Pivot;
        self.step.mandatory = true;
        self
    }

    pub fn forward(mut self) -> Self {
        self.step.kind = Kind::Forward;
        self
    }

    pub fn mandatory(mut self) -> Self {
        self.step.mandatory = true;
        self
    }

    /// Done where the applicant ticked the item of the same name.
    pub fn chosen(mut self) -> Self {
        self.step.item = Some(self.step.name.clone());
        self.step.selection = Selection::Chosen;
        self
    }

    pub fn selected_by(mut self, rule: &str) -> Self {
        self.step.selection = Selection::Rule(rule.into());
        self
    }

    pub fn family(mut self) -> Self {
        self.step.scope = Scope::Family;
        self
    }

    pub fn refused(mut self, means: OnRefusal) -> Self {
        self.step.refused = means;
        self
    }

    pub fn declined(mut self, means: OnRefusal) -> Self {
        self.step.declined = means;
        self
    }

    pub fn expires(mut self, after_ms: i64, then: OnRefusal) -> Self {
        self.step.expiry = Some(Expiry { after_ms, then });
        self
    }

    pub fn reminded(mut self, remind_ms: &[i64]) -> Self {
        self.step.remind_ms = remind_ms.to_vec();
        self
    }

    /// Its performer has so long, by law.
    pub fn limited(mut self, limit: &str) -> Self {
        self.step.limit = Some(limit.into());
        self
    }

    /// People are reminded so many days after the birth while its department waits.
    pub fn reminded_on(mut self, days: &[u16]) -> Self {
        self.step.remind_on = Some(RemindOn { from: "child.born_at".into(), days: days.to_vec(), minute: 540 });
        self
    }

    pub fn noticed(mut self) -> Self {
        self.step.notices = vec![format!("{}-done", self.step.name).into()];
        self
    }

    /// A kindness at the end: nothing waits for it, and it is closed after a bereavement.
    pub fn courtesy(self) -> Self {
        self.closed_by_bereavement().forward().refused(OnRefusal::Offline)
    }

    pub fn closed_by_bereavement(mut self) -> Self {
        self.step.bereavement = OnBereavement::Close;
        self
    }
}

/// A definition of these steps; their names must exist.
pub fn definition(name: &str, drafts: Vec<Draft>) -> Arc<Definition> {
    let names: Vec<Arc<str>> = drafts.iter().map(|draft| draft.step.name.clone()).collect();
    let find = |name: &String| {
        let at = names.iter().position(|known| **known == **name).unwrap_or_else(|| panic!("no step {name}"));
        StepIndex(u8::try_from(at).unwrap())
    };
    let steps = drafts
        .iter()
        .map(|draft| {
            let mut step = draft.step.clone();
            step.after = draft.after.iter().map(find).collect();
            step.once_settled = draft.once_settled.iter().map(find).collect();
            let late = draft.late.iter().map(|(name, after_ms)| (find(name), *after_ms));
            step.start_when = late.map(|(step, after_ms)| StartWhen::Late { step, after_ms }).collect();
            step.start_when.extend(draft.offline.iter().map(|name| StartWhen::Offline { step: find(name) }));
            step
        })
        .collect();
    Arc::new(Definition { name: name.into(), title: name.into(), steps, procedure: false })
}

/// A procedure of these steps, which follows a case.
pub fn procedure(name: &str, drafts: Vec<Draft>) -> Arc<Definition> {
    Arc::new(Definition { procedure: true, ..(*definition(name, drafts)).clone() })
}
