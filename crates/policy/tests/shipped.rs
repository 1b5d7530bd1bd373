//! The shipped packs: that they load, say what their sources say, and send the published text letter by letter.

use std::{path::PathBuf, sync::Arc};

use identifiers::LocalMinute;
use policy::{Calendar, Pack, Packs, message};
use saga::definition::{
    Cause, Definition, Kind, OnBereavement, OnRefusal, Performer, Scope, Selection, StartWhen, Step,
};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/policies")
}

fn pack(name: &str) -> Arc<Pack> {
    Arc::clone(Packs::shipped().get(name).expect("shipped"))
}

fn step<'d>(definition: &'d Definition, name: &str) -> &'d Step {
    definition.step(definition.find(name).unwrap_or_else(|| panic!("no step {name}")))
}

fn after(definition: &Definition, name: &str) -> Vec<String> {
    step(definition, name).after.iter().map(|index| definition.step(*index).name.to_string()).collect()
}

/// A binary would otherwise serve another policy than the one that officials read in the folder.
#[test]
fn what_is_built_in_is_what_lies_in_the_folder() {
    let read = Packs::load_folder(&folder()).unwrap_or_else(|problems| panic!("{problems}"));
    let built_in = Packs::shipped();
    let names: Vec<&str> = read.iter().map(|pack| &*pack.name).collect();
    assert_eq!(names, ["anhui-2024", "shanxi-2025", "shanxi-2026"]);
    for pack in read.iter() {
        assert_eq!(built_in.get(&pack.name), Some(pack));
        assert_eq!(built_in.get(&pack.name), Some(pack));
    }
}

/// A family in Anhui would otherwise wait for a step that its province does not have, or in another order.
#[test]
fn anhui_runs_in_the_order_of_its_guide() {
    let anhui = pack("anhui-2024");
    let definition = &anhui.definition;
    let names: Vec<&str> = definition.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(
        names,
        [
            "delivery",
            "household",
            "marriage",
            "marriage-licence",
            "eligibility",
            "father-authorisation",
            "signature",
            "certificate",
            "registration",
            "register-signature",
            "card",
            "enrolment",
            "premium-payer",
            "payment-deadlines",
            "premium",
            "benefit",
            "benefit-choice",
            "benefit-window",
            "maternity-status",
            "maternity-route",
            "originals",
            "first-review",
            "review-questions",
            "second-review",
            "approval",
            "maternity-payment",
            "maternity-denial",
            "guidance",
            "hand-over",
            "close",
        ]
    );
    assert_eq!(after(definition, "eligibility"), ["delivery", "household", "marriage", "marriage-licence"]);
    assert_eq!(after(definition, "father-authorisation"), ["eligibility"]);
    assert_eq!(after(definition, "signature"), ["father-authorisation"]);
    assert_eq!(after(definition, "certificate"), ["signature"]);
    assert_eq!(after(definition, "registration"), ["certificate"]);
    for branch in ["register-signature", "card", "enrolment", "maternity-status", "guidance"] {
        assert_eq!(after(definition, branch), ["registration"], "{branch}");
        assert_eq!(step(definition, branch).kind, Kind::Forward, "{branch}");
    }
    for (later, before) in [
        ("premium-payer", &["enrolment"][..]),
        ("payment-deadlines", &["enrolment"]),
        ("premium", &["enrolment"]),
        ("benefit", &["enrolment", "premium"]),
        ("benefit-choice", &["benefit"]),
        ("benefit-window", &["benefit"]),
        ("maternity-route", &["maternity-status"]),
        ("originals", &["maternity-route"]),
        ("first-review", &["maternity-route"]),
        ("review-questions", &["first-review"]),
        ("second-review", &["review-questions"]),
        ("approval", &["second-review"]),
        ("maternity-payment", &["approval"]),
        ("maternity-denial", &["maternity-status"]),
    ] {
        assert_eq!(after(definition, later), before, "{later}");
    }
    assert_eq!(definition.pivot(), definition.find("registration"));
}

/// A family would otherwise be insured from a day that nobody looked at, or a payment be lost that came first. S10.
#[test]
fn in_anhui_cover_is_the_laws_and_a_persons_only_where_the_law_is_silent() {
    let anhui = pack("anhui-2024");
    let definition = &anhui.definition;
    let rule = |name: &str| match &step(definition, name).performer {
        Performer::Law { rule } => rule.to_string(),
        Performer::Department { .. } | Performer::Person { .. } => panic!("{name} is not the law's"),
    };
    assert_eq!(rule("premium-payer"), "premium-payer");
    assert_eq!(rule("payment-deadlines"), "benefit-deadlines");
    assert_eq!(rule("benefit"), "benefit");
    let choice = step(definition, "benefit-choice");
    assert_eq!(choice.selection, Selection::Rule("benefit-needs-person".into()));
    assert!(matches!(&choice.performer, Performer::Person { role, .. } if &**role == "clerk"));
    let window = step(definition, "benefit-window");
    assert_eq!(window.once_settled, [definition.find("benefit-choice").expect("a step")]);
    let premium = step(definition, "premium");
    let remind = premium.remind_on.as_ref().expect("a reminder on legal days");
    assert_eq!((&*remind.from, &remind.days[..], remind.minute), ("child.born_at", &[30, 60, 83, 89, 90][..], 540));
}

/// One clerk would otherwise pass a claim through three levels, or each level would begin its twenty days anew. S11,
/// [004] 篇10 第九章第三条, 第七条, 第十章第三条.
#[test]
fn no_clerk_acts_at_two_levels_and_one_limit_spans_them() {
    let reviewed = |definition: &Definition, levels: &[&str], limited: bool| {
        let found: Vec<_> = levels.iter().map(|name| definition.find(name).expect("a level")).collect();
        for (at, index) in found.iter().enumerate() {
            let is = definition.step(*index);
            assert!(matches!(&is.performer, Performer::Person { role, .. } if &**role == "clerk"), "{}", is.name);
            assert_eq!(is.differs_from, found[..at], "{} is another person's than every level before", is.name);
            assert_eq!(is.limit.as_deref(), limited.then_some("20 working days"), "{}", is.name);
            assert_eq!(is.limit_from, (limited && at > 0).then_some(found[0]), "{}", is.name);
        }
    };
    let anhui = pack("anhui-2024");
    reviewed(&anhui.definition, &["first-review", "second-review", "approval"], true);
    let recalculation = &anhui.procedures["recalculation"].definition;
    reviewed(recalculation, &["recalculation-first-review", "recalculation-second-review", "approval"], true);
    for pack in Packs::shipped().iter() {
        reviewed(&pack.procedures["refund"].definition, &["refund-review", "refund-approval"], false);
    }
}

/// A mother would otherwise be refused without the paper against which she can appeal. [004] 篇10 第九章第三条, 第七条.
#[test]
fn every_way_to_a_no_ends_with_the_paper_of_denial() {
    let anhui = pack("anhui-2024");
    let denied_by = |definition: &Definition, name: &str| -> Vec<String> {
        let conditions = step(definition, name).start_when.iter();
        conditions
            .map(|condition| match condition {
                StartWhen::Offline { step } => definition.step(*step).name.to_string(),
                StartWhen::Late { .. } | StartWhen::Succeeded { .. } => panic!("{name} waits for a no"),
            })
            .collect()
    };
    let denial = step(&anhui.definition, "maternity-denial");
    assert_eq!(
        denied_by(&anhui.definition, "maternity-denial"),
        ["maternity-route", "first-review", "review-questions", "second-review", "approval"]
    );
    assert_eq!(denial.limit.as_deref(), Some("20 working days"));
    let recalculation = &anhui.procedures["recalculation"].definition;
    assert_eq!(
        denied_by(recalculation, "recalculation-denial"),
        ["recalculation-first-review", "recalculation-second-review", "approval"]
    );
}

/// A family that paid for nothing, or twice, would otherwise have no way to its money; one whose data were wrong no way
/// to all who have them.
#[test]
fn every_shipped_pack_refunds_and_corrects_and_anhui_recalculates() {
    for pack in Packs::shipped().iter() {
        assert_eq!(pack.on_notice.get("PremiumPaid").map(|begins| &*begins.procedure), Some("refund"), "{}", pack.name);
        let refund = &pack.procedures["refund"].definition;
        let names: Vec<&str> = refund.steps.iter().map(|step| &*step.name).collect();
        assert_eq!(names, ["overcollection", "refund", "refund-review", "refund-approval", "refund-payment"]);
        for (before, later) in names.iter().zip(&names[1..]) {
            assert_eq!(after(refund, later), [*before], "{}", pack.name);
        }
        // Whoever is sent something by the case can be told that it was wrong.
        let correction = &pack.procedures["correction"].definition;
        let told: Vec<&str> =
            correction.steps.iter().filter_map(|step| step.department()).map(|name| &**name).collect();
        for step in pack.definition.steps.iter().filter(|step| step.send.iter().any(|path| path.starts_with("child"))) {
            let department = step.department().expect("only departments are sent anything");
            assert!(told.contains(&&**department), "{}: {department} is never told", pack.name);
        }
        for procedure in pack.procedures.values() {
            assert!(procedure.definition.procedure && procedure.definition.pivot().is_none());
            assert_eq!(pack.pinned(&procedure.hash), Some(&procedure.definition));
        }
    }
    let anhui = pack("anhui-2024");
    let recalculation: Vec<&str> =
        anhui.procedures["recalculation"].definition.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(
        recalculation,
        ["recalculation-first-review", "recalculation-second-review", "approval", "top-up", "recalculation-denial"]
    );
}

/// Money of a child born before the scheme would otherwise stay booked, or cover run from a wrong day of birth.
#[test]
fn what_the_law_decided_from_a_corrected_birth_is_decided_anew() {
    let by = |pack: &Pack, name: &str| {
        let definition = &pack.procedures["correction"].definition;
        step(definition, name).selection.clone()
    };
    assert_eq!(by(&pack("anhui-2024"), "benefit"), Selection::Rule("corrects:child.born_at+premium".into()));
    assert_eq!(by(&pack("shanxi-2026"), "reversal-due"), Selection::Rule("corrects:child.born_at+subsidy".into()));
    for pack in Packs::shipped().iter() {
        let definition = &pack.procedures["correction"].definition;
        let corrected = definition.steps.iter().filter(|step| step.name.ends_with("-correction"));
        for step in corrected {
            let department = step.department().expect("a department corrects its record");
            assert_eq!(step.selection, Selection::Rule(format!("received:{department}").into()), "{}", pack.name);
        }
    }
}

/// A mother could otherwise untick what the law makes her have, or be given what she did not ask for.
#[test]
fn anhui_lets_untick_the_optional_items_and_no_other() {
    let anhui = pack("anhui-2024");
    let optional = [
        "social-security-card",
        "insurance-enrolment",
        "insurance-premium",
        "maternity-reimbursement",
        "parenting-guidance",
    ];
    for step in &anhui.definition.steps {
        let of_an_optional_item = step.item.as_deref().is_some_and(|item| optional.contains(&item));
        // Within an optional item the law may select further, and a step may follow one that is not done.
        let chosen = step.selection == Selection::Chosen;
        assert!(!chosen || of_an_optional_item, "{}", step.name);
        let follows = |other: &saga::StepIndex| anhui.definition.step(*other).item == step.item;
        let by_others = step.after.iter().any(follows);
        assert!(!of_an_optional_item || chosen || by_others, "{} would be done unasked", step.name);
        assert!(!(step.mandatory && of_an_optional_item), "{}", step.name);
    }
    let mandatory: Vec<&str> = anhui.items.iter().filter(|(_, item)| item.mandatory).map(|(key, _)| &**key).collect();
    assert_eq!(mandatory, ["birth-certificate", "birth-registration"]);
    assert_eq!(anhui.items["insurance-premium"].needs, [Arc::from("insurance-enrolment")]);
}

/// A certificate, which states a medical fact, would otherwise be voided because a mother changed her mind.
#[test]
fn no_shipped_pack_undoes_anything_for_a_withdrawal_or_a_refusal() {
    for pack in Packs::shipped().iter() {
        for step in &pack.definition.steps {
            for cause in [Cause::Withdrawn, Cause::Rejected, Cause::Expired] {
                assert!(!step.is_undone_for(cause), "{}: {} for {cause:?}", pack.name, step.name);
            }
        }
        let certificate = step(&pack.definition, "certificate");
        assert!(certificate.is_undone_for(Cause::Corrected) && certificate.is_undone_for(Cause::Revoked));
    }
}

/// A father who never answers would otherwise hold a case open for ever, or be refused though he was only late.
#[test]
fn the_fathers_silence_expires_the_case_and_his_no_rejects_it() {
    let anhui = pack("anhui-2024");
    let father = step(&anhui.definition, "father-authorisation");
    let expiry = father.expiry.expect("expires");
    assert_eq!((expiry.after_ms, expiry.then), (7 * 86_400_000, OnRefusal::Expire));
    assert_eq!((father.declined, father.scope), (OnRefusal::Reject, Scope::Family));
    assert_eq!(father.remind_ms, [86_400_000, 3 * 86_400_000, 6 * 86_400_000]);
    let Performer::Person { methods, .. } = &father.performer else { panic!("a person authorises") };
    assert!(methods.iter().any(|method| &**method != "face"), "a face may not be the only way");
    assert_eq!(&*anhui.sources["father-authorisation.expires"], "unspecified");
}

/// The premium of a family that never pays would otherwise be waited for until the child is grown.
#[test]
fn the_premium_waits_for_the_tax_office_and_then_goes_offline() {
    let anhui = pack("anhui-2024");
    let premium = step(&anhui.definition, "premium");
    assert_eq!(premium.notices, [Arc::from("PremiumPaid")]);
    assert_eq!(premium.expiry.map(|expiry| expiry.then), Some(OnRefusal::Offline));
    assert_eq!(premium.department().map(|name| &**name), Some("tax"));
    let signing = step(&anhui.definition, "register-signature");
    assert_eq!(signing.expiry.map(|expiry| expiry.then), Some(OnRefusal::Close));
}

/// A grieving mother would otherwise be sent advice for her child's first months.
#[test]
fn after_a_bereavement_only_what_a_person_takes_up_goes_on() {
    for pack in Packs::shipped().iter() {
        for step in &pack.definition.steps {
            let of_the_mother = step.item.as_deref() == Some("maternity-reimbursement");
            let by_person = of_the_mother || ["certificate", "registration", "hand-over"].contains(&&*step.name);
            assert_eq!(step.bereavement == OnBereavement::Person, by_person, "{}: {}", pack.name, step.name);
        }
    }
}

/// A newborn in Shanxi whose household is late would otherwise be without insurance in the hospital.
#[test]
fn shanxi_enrols_by_itself_and_provisionally_where_registration_is_late() {
    let shanxi = pack("shanxi-2026");
    let definition = &shanxi.definition;
    let registration = definition.find("registration").expect("registration");
    let names: Vec<&str> = definition.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(
        names,
        [
            "signature",
            "certificate",
            "registration",
            "provisional",
            "enrolment",
            "premium-payer",
            "subsidy",
            "subsidy-entry"
        ]
    );
    assert_eq!(
        step(definition, "provisional").start_when,
        [StartWhen::Late { step: registration, after_ms: 86_400_000 }, StartWhen::Offline { step: registration },]
    );
    assert_eq!(after(definition, "provisional"), ["certificate"]);
    assert_eq!(after(definition, "enrolment"), ["registration"]);
    assert_eq!(after(definition, "premium-payer"), ["enrolment"]);
    assert_eq!(after(definition, "subsidy"), ["premium-payer"]);
    assert_eq!(after(definition, "subsidy-entry"), ["subsidy"]);
    assert_eq!(step(definition, "subsidy").selection, Selection::Rule("subsidy-due".into()));
    let asked: Vec<&str> =
        definition.steps.iter().filter(|step| step.selection == Selection::Chosen).map(|step| &*step.name).collect();
    assert_eq!(asked, [""; 0], "the family ticks nothing");
    assert!(shanxi.sources["provisional.start_when"].contains("及时办理"));
}

/// A child born in the last minute of 2025 would otherwise be billed for a year that is free, not be enrolled with the
/// certificate alone, or be given money that is for children born after it.
#[test]
fn shanxi_before_2026_is_free_in_the_birth_year_and_paid_by_the_family_in_the_next() {
    let shanxi = pack("shanxi-2025");
    let definition = &shanxi.definition;
    let registration = definition.find("registration").expect("registration");
    let names: Vec<&str> = definition.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(
        names,
        ["signature", "certificate", "registration", "provisional", "enrolment", "premium-payer", "premium"]
    );
    assert!(step(definition, "provisional").start_when.contains(&StartWhen::Offline { step: registration }));
    assert_eq!(after(definition, "provisional"), ["certificate"], "the certificate alone is enough");
    assert_eq!(step(definition, "enrolment").selection, Selection::Always);
    assert!(!shanxi.items.contains_key("premium-subsidy"));
    assert_eq!(step(definition, "premium").department().map(|name| &**name), Some("tax"));
    assert_eq!(after(definition, "premium"), ["enrolment"]);
    assert!(shanxi.selector.born_from.is_none(), "the announcement names no first day");
    let Performer::Law { rule } = &step(definition, "premium-payer").performer else { panic!("the law says who pays") };
    let facts = json!({"child": {"born_at": "2025-12-31T23:59"}, "enrolment": {"enrolled_on": "2026-01-05"}});
    let asked_at = LocalMinute::parse("2026-01-05T10:00").expect("a minute");
    let decision = policy::decide(rule, &shanxi, &Calendar::shipped(), &facts, &asked_at).expect("decidable");
    assert_eq!((&*decision.row, &decision.gives["payer"]), ("D5-1", &json!("none")), "table D5, row 1");
    assert_eq!((&decision.gives["start_on"], &decision.gives["end_on"]), (&json!("2025-12-31"), &json!("2025-12-31")));
}

/// A pack would otherwise hand a department's bank data to the hospital (个人信息保护法 art. 6).
#[test]
fn each_department_is_given_only_what_its_act_needs() {
    for pack in Packs::shipped().iter() {
        for step in &pack.definition.steps {
            for path in &step.send {
                assert_ne!(&**path, "child", "{} sends the whole child", step.name);
                let bank = path.starts_with("child.card");
                assert!(!bank || step.department().is_some_and(|name| &**name == "social-security"), "{}", step.name);
                assert!(!path.starts_with("children"), "{} sends every child", step.name);
            }
        }
    }
}

/// A birth in one province, or in another year, would otherwise be handled under a policy that is not for it.
#[test]
fn area_and_minute_of_birth_choose_the_pack() {
    let packs = Packs::shipped();
    let choose = |area: &str, born_at: &str| {
        let born_at = LocalMinute::parse(born_at).expect("a minute");
        packs.choose(area, &born_at).map(|pack| pack.name.to_string()).map_err(|explained| explained.code)
    };
    assert_eq!(choose("340104", "2026-11-01T09:30").as_deref(), Ok("anhui-2024"));
    assert_eq!(choose("140826", "2026-01-01T00:00").as_deref(), Ok("shanxi-2026"));
    assert_eq!(choose("140826", "2026-12-31T23:59").as_deref(), Ok("shanxi-2026"));
    assert_eq!(choose("140826", "2025-12-31T23:59").as_deref(), Ok("shanxi-2025"));
    assert_eq!(choose("140826", "2027-01-01T00:00"), Err("PACK-002"));
    assert_eq!(choose("110101", "2026-11-01T09:30"), Err("PACK-001"));
}

/// The family would otherwise receive another text than the one the province published.
#[test]
fn the_enrolment_message_is_the_published_text_byte_for_byte() {
    const PUBLISHED: &str = "***\u{5148}\u{751f}(\u{5973}\u{58eb}),\u{60a8}\u{5df2}\u{901a}\u{8fc7}\u{65b0}\u{751f}\u{513f}\
        \u{51fa}\u{751f}\u{201c}\u{4e00}\u{4ef6}\u{4e8b}\u{201d}\u{6210}\u{529f}\u{4e3a}\u{60a8}\u{7684}\u{5b9d}\u{5b9d}\
        \u{529e}\u{7406}\u{4e86}\u{201c}\u{57ce}\u{4e61}\u{5c45}\u{6c11}\u{53c2}\u{4fdd}\u{767b}\u{8bb0}\u{201d}\u{3002}\
        \u{8bf7}\u{60a8}\u{53ca}\u{65f6}\u{901a}\u{8fc7}\u{201c}\u{7696}\u{4e8b}\u{901a}\u{201d}APP\u{641c}\u{7d22}\
        \u{201c}\u{57ce}\u{4e61}\u{5c45}\u{6c11}\u{4e24}\u{9669}\u{7f34}\u{8d39}\u{201d}\u{670d}\u{52a1}\u{7b49}\u{8fdb}\
        \u{884c}\u{7f34}\u{8d39},\u{5e76}\u{67e5}\u{8be2}\u{7f34}\u{8d39}\u{662f}\u{5426}\u{6210}\u{529f}\u{3002}\u{7f34}\
        \u{8d39}\u{6210}\u{529f}\u{540e}\u{53ef}\u{4eab}\u{53d7}\u{533b}\u{4fdd}\u{5f85}\u{9047}(\u{533b}\u{4fdd}\u{4e0e}\
        \u{60a8}\u{5171}\u{540c}\u{5b88}\u{62a4}\u{5b9d}\u{8d1d}\u{5065}\u{5eb7}\u{6210}\u{957f})\u{3002}";
    let anhui = pack("anhui-2024");
    let template = &anhui.messages["N13"];
    assert_eq!(&*template.text, PUBLISHED);
    assert_eq!(message::units(PUBLISHED), 118);
    assert_eq!(message::units(&message::signed(&anhui.sms_signature, PUBLISHED)), 123);

    let family = json!({"mother": {"name": "测试甲", "phone": "13800000000"}});
    let composed = message::compose(&anhui, "N13", &family).expect("a template").expect("all facts");
    let text = composed["text"].as_str().expect("a text");
    assert_eq!(text, format!("【皖事通】测试甲{}", &PUBLISHED[3..]));
    assert_eq!(composed["segments"], 2);
    assert_eq!(composed["phone"], "13800000000");
    let long = message::signed("皖事通", &message::render(template, &[("***", &"长".repeat(25))]));
    assert_eq!((message::units(&long), message::segments(&long).len()), (145, 3));
}

/// A family would otherwise wait for a text about what is not told any more, or be told of one thing by two.
#[test]
fn the_messages_of_money_name_the_step_that_moved_it() {
    let anhui = pack("anhui-2024");
    let called_for_by = |id: &str| anhui.messages[id].when.iter().map(|when| &**when).collect::<Vec<_>>();
    for (id, when) in [
        ("N13", "enrolment.succeeded"),
        ("N16", "premium.reminded"),
        ("N17", "benefit-window.succeeded"),
        ("N19", "refund-payment.succeeded"),
        ("N20", "maternity-route.succeeded"),
        ("N21", "maternity-route.succeeded"),
        ("N22", "maternity-payment.succeeded"),
        ("N24", "maternity-denial.succeeded"),
        ("N27", "correction.ended.completed"),
    ] {
        assert_eq!(called_for_by(id), [when], "{id}");
    }
    assert_eq!(called_for_by("N23"), ["maternity-payment.needs-correction", "maternity-payment.reminded"]);
    let path = |id: &str| anhui.messages[id].variables[0].path.clone().unwrap_or_default();
    assert_eq!(&*path("N16"), "payment-deadlines.on_time_nominal", "the nominal day, never the rolled one");
    assert_eq!(&*path("N17"), "benefit-window.start_on");
    assert!(!anhui.definition.steps.iter().any(|step| step.department().is_some_and(|name| &**name == "sms")));
}

/// A message without a number or a name would otherwise go out to nobody, or to “***”.
#[test]
fn a_message_names_the_facts_it_lacks() {
    let anhui = pack("anhui-2024");
    let missing = message::compose(&anhui, "N13", &Value::Null).expect("a template").expect_err("nothing is known");
    assert_eq!(missing.to_string(), "facts are missing: mother.phone, mother.name");
    assert!(message::compose(&anhui, "N99", &Value::Null).is_none());
}

/// A saga pinned to its pack would otherwise lose rules and messages when the project is built anew.
#[test]
fn a_pack_read_again_from_its_kept_texts_is_the_same_pack() {
    for pack in Packs::shipped().iter() {
        let files: Vec<(&str, &str)> = pack.files.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(Pack::parse(&files).expect("as before"), **pack);
        for file in ["law.toml", "base/law.toml", "correction.toml"] {
            let mut changed = files.clone();
            let text = changed.iter_mut().find(|(name, _)| *name == file).expect("it has one");
            let with_a_line = format!("{}\n# changed\n", text.1);
            text.1 = &with_a_line;
            let changed = Pack::parse(&changed).expect("still a pack");
            assert_ne!(changed.hash, pack.hash, "{file}");
            assert_ne!(changed.procedures["refund"].hash, pack.procedures["refund"].hash, "{file}");
        }
    }
}
