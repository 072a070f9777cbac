//! Works on text: searches it with regular expressions, compares two texts, counts words.
//!
//! Real work by crates that know nothing of WebAssembly: `regex` and `similar`.

mod count;
mod search;

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{Content, Context, Json, LoggingLevel, Parameters, tool, tool_router};

/// The server.
#[derive(Default)]
pub struct TextKit;

#[derive(Deserialize, JsonSchema)]
struct Diff {
    /// The text before.
    old: String,
    /// The text after.
    new: String,
    /// How many unchanged lines to show around each change; 3 if left out.
    #[serde(default = "three")]
    context: u16,
}

fn three() -> u16 {
    3
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    /// The text.
    text: String,
    /// How many of the most frequent words to name; 10 if left out.
    #[serde(default = "ten")]
    top: u16,
}

fn ten() -> u16 {
    10
}

#[tool_router(server_handler)]
impl TextKit {
    /// Finds all matches of a regular expression, with their lines and captured groups.
    #[tool(annotations(read_only_hint, open_world_hint = false))]
    fn search(
        &self,
        Parameters(search): Parameters<search::Search>,
        ctx: &Context,
    ) -> Result<Json<search::Found>, regex::Error> {
        let found = search.run()?;
        if found.truncated {
            ctx.log(
                LoggingLevel::Notice,
                "there are more matches than were asked for",
            );
        }
        Ok(Json(found))
    }

    /// Shows what changed between two texts, line by line, as a unified diff.
    #[tool(annotations(read_only_hint, open_world_hint = false))]
    fn diff(&self, Parameters(Diff { old, new, context }): Parameters<Diff>) -> Vec<Content> {
        let diff = similar::TextDiff::from_lines(&old, &new);
        let similarity = format!("{:.0} % alike", diff.ratio() * 100.0);
        let unified = diff
            .unified_diff()
            .context_radius(context.into())
            .to_string();
        if unified.is_empty() {
            return vec![Content::text("The texts are the same.")];
        }
        vec![Content::text(similarity), Content::text(unified)]
    }

    /// Counts characters, words, sentences and lines, and names the most frequent words.
    #[tool(annotations(read_only_hint, open_world_hint = false))]
    fn count(&self, Parameters(Count { text, top }): Parameters<Count>) -> Json<count::Counts> {
        Json(count::Counts::of(&text, top.into()))
    }
}

smcp_sdk::serve!(TextKit);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smcp_sdk::testing::Client;

    use super::TextKit;

    const POEM: &str = "The sea is calm to-night.\nThe tide is full, the moon lies fair\n";

    #[test]
    fn search_gives_lines_columns_and_groups() {
        let client = Client::<TextKit>::new();
        let arguments = json!({ "text": POEM, "pattern": "(?i)the (?<noun>\\w+)" });
        let outcome = client.call("search", arguments);
        let found = outcome.structured();
        assert_eq!(found["total"], 3);
        let groups = json!([{ "name": "noun", "text": "tide" }]);
        let second = json!({ "line": 2, "column": 1, "text": "The tide", "groups": groups });
        assert_eq!(found["matches"][1], second);
        assert!(client.logs().is_empty());
    }

    #[test]
    fn search_says_when_it_left_matches_out() {
        let client = Client::<TextKit>::new();
        let arguments = json!({ "text": POEM, "pattern": "the", "limit": 0 });
        let outcome = client.call("search", arguments);
        assert_eq!(outcome.structured()["truncated"], true);
        assert_eq!(client.logs().len(), 1);
    }

    #[test]
    fn a_pattern_that_is_none_is_told_to_the_model() {
        let client = Client::<TextKit>::new();
        let outcome = client.call("search", json!({ "text": "", "pattern": "(" }));
        assert!(outcome.is_error());
        assert!(
            outcome.text().contains("unclosed group"),
            "{}",
            outcome.text()
        );
    }

    #[test]
    fn diff_shows_what_changed() {
        let client = Client::<TextKit>::new();
        let new = POEM.replace("calm", "rough");
        let text = client
            .call("diff", json!({ "old": POEM, "new": new }))
            .text();
        assert!(
            text.starts_with("50 % alike\n@@ -1,2 +1,2 @@\n-The sea is calm"),
            "{text}"
        );
        let same = client.call("diff", json!({ "old": POEM, "new": POEM }));
        assert_eq!(same.text(), "The texts are the same.");
    }

    #[test]
    fn count_counts() {
        let client = Client::<TextKit>::new();
        let outcome = client.call("count", json!({ "text": POEM, "top": 2 }));
        let expected = json!({
            "characters": 63, "words": 13, "distinctWords": 10, "sentences": 2, "lines": 2,
            "top": [{ "word": "the", "count": 3 }, { "word": "is", "count": 2 }],
        });
        assert_eq!(outcome.structured(), &expected);
    }
}
