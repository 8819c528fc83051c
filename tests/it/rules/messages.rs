//! What a rule says besides its conditions: its own words, whom it pings, when it cools down.

use serde_json::json;

use crate::world::{World, at, deliver_all, small_sale};

const NOW: &str = "2025-12-12T18:00:00-05:00";
const SINCE: &str = "2025-12-12T00:00:00-05:00";

#[tokio::test]
async fn a_template_gives_every_message_its_own_words_and_mention_its_pings() {
    let world = World::new().await;
    let rules = r#"
[[rule]]
name = "own"
min_value = 1_000
notify = ["discord:alerts", "discord:hook", "email:desk", "terminal", "jsonl"]
mention = ["role:42", "user:43"]
template = """
{{ owner }} *sold* {{ value_text }} of {{ issuer.ticker or "an unlisted company" }}
{% if value >= 1000 %}That is <b>much</b>.{% endif %}
"""
"#;
    world.edgar.publish(&small_sale("0000000007-25-000001", 20, "2025-12-12T17:00:00-05:00"));
    let app = world.app(rules, Some(SINCE));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 1);
    assert_eq!(world.edgar.take_fetched().len(), 1);
    assert_eq!(deliver_all(&app, at(NOW)).await, (5, 0, 0));
    for _ in 0..2 {
        let body = world.discord.next_message().await.body;
        assert_eq!(body["content"], "<@&42> <@43> DOE JANE \\*sold\\* $1,000.00 of an unlisted company");
        assert_eq!(body["allowed_mentions"], json!({ "parse": [], "roles": ["42"], "users": ["43"] }));
        let description = body["embeds"][0]["description"].as_str().unwrap();
        assert!(
            description.starts_with("DOE JANE \\*sold\\* $1,000.00 of an unlisted company\nThat is"),
            "{description}"
        );
    }
    let mail = String::from_utf8(world.smtp.next_mail().await.raw).unwrap();
    assert!(mail.contains("DOE JANE *sold* $1,000.00 of an unlisted company"), "{mail}");
    assert!(mail.contains("&lt;b&gt;much&lt;"), "{mail}");
    let said = world.take_output();
    assert!(
        said.contains("  DOE JANE *sold* $1,000.00 of an unlisted company\n  That is <b>much</b>.\n"),
        "{said}"
    );
    let line = said.lines().find(|line| line.starts_with('{')).unwrap();
    let alert: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(alert["message"].as_str().unwrap().lines().count(), 2);
    assert_eq!(alert["mention"], json!(["role:42", "user:43"]));
    drop(app);
    world.finish().await;
}

#[tokio::test]
async fn a_template_that_fails_for_a_filing_leaves_the_usual_words() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"own\"\nmin_value = 1\nnotify = [\"jsonl\"]\ntemplate = \"{{ footnotes.F1 | upper }}\"\n";
    world.edgar.publish(&small_sale("0000000007-25-000001", 20, "2025-12-12T17:00:00-05:00"));
    let app = world.app(rules, Some(SINCE));
    assert_eq!(app.intake.poll_once(at(NOW)).await.unwrap().alerted, 1);
    assert_eq!(world.edgar.take_fetched().len(), 1);
    assert_eq!(deliver_all(&app, at(NOW)).await, (1, 0, 0));
    let alert: serde_json::Value = serde_json::from_str(&world.take_output()).unwrap();
    assert_eq!(alert["message"], serde_json::Value::Null);
    assert!(alert["text"].as_str().unwrap().starts_with("DOE JANE (director) sold 100"));
    let warning = &alert["warnings"][0];
    assert_eq!(warning["code"], "template");
    assert!(warning["message"].as_str().unwrap().starts_with("the rule's own words could not be made: "));
    drop(app);
    world.finish().await;
}

#[tokio::test]
async fn a_rule_that_cools_down_is_silent_for_that_issuer_alone() {
    let world = World::new().await;
    let rules = "[[rule]]\nname = \"cool\"\nmin_value = 1\ncooldown = \"1h\"\nnotify = [\"jsonl\"]\n";
    let app = world.app(rules, Some(SINCE));
    let filings: [(&'static str, u64, &'static str, bool); 5] = [
        ("0000000007-25-000001", 20, "2025-12-12T10:00:00-05:00", true),
        ("0000000007-25-000002", 20, "2025-12-12T10:59:59-05:00", false),
        ("0000000007-25-000003", 21, "2025-12-12T10:59:59-05:00", true),
        // An hour after the one that rang, not after the one that did not.
        ("0000000007-25-000004", 20, "2025-12-12T11:00:00-05:00", true),
        ("0000000007-25-000005", 20, "2025-12-12T11:30:00-05:00", false),
    ];
    for (accession, issuer, accepted, _) in filings {
        world.edgar.publish(&small_sale(accession, issuer, accepted));
    }
    app.intake.poll_once(at(NOW)).await.unwrap();
    assert_eq!(world.edgar.take_fetched().len(), 5);
    let expected = filings.iter().filter(|filing| filing.3).count();
    assert_eq!(deliver_all(&app, at(NOW)).await, (expected, 0, 0));
    let said = world.take_output();
    for (accession, _, _, rings) in filings {
        assert_eq!(said.contains(&format!("\"accession\":\"{accession}\"")), rings, "{accession}\n{said}");
    }
    drop(app);
    world.finish().await;
}
