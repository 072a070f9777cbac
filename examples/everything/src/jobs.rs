//! Tools that take their time: one that computes for as long as it is told, jobs that fail in either
//! way, and jobs that cannot go on before the user has answered. They go on as tasks, where their client takes
//! them. And one that is done at once.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{Context, Elicit, Elicited, Parameters, ProtocolError, tool, tool_router};

use crate::Everything;

/// Long enough to be seen at work.
const A_WHILE: Duration = Duration::from_secs(1);

#[derive(Deserialize, JsonSchema)]
struct Name {
    /// Whom to greet.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Computation {
    /// How long it takes.
    seconds: f64,
    /// What it is called.
    label: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct File {
    /// What to delete.
    filename: String,
}

#[derive(Deserialize, JsonSchema)]
struct Sure {
    /// Whether to go on.
    confirm: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Called {
    name: String,
}

#[tool_router(router = jobs, vis = "pub(crate)")]
impl Everything {
    /// Greets someone, at once.
    #[tool]
    fn greet(&self, Parameters(Name { name }): Parameters<Name>) -> String {
        format!("Hello, {name}!")
    }

    /// Computes for some seconds.
    #[tool(task = "optional")]
    fn slow_compute(
        &self,
        Parameters(Computation { seconds, label }): Parameters<Computation>,
        ctx: &Context,
    ) -> Result<String, &'static str> {
        let time = Duration::try_from_secs_f64(seconds).map_err(|_| "No time is that long.")?;
        ctx.begin_task();
        ctx.sleep(time);
        let label = label.unwrap_or_else(|| "the computation".to_owned());
        Ok(format!("{label} is done after {seconds} seconds."))
    }

    /// Works for a while, and fails.
    #[tool(task = "required")]
    fn failing_job(&self, ctx: &Context) -> Result<(), &'static str> {
        ctx.begin_task();
        ctx.sleep(A_WHILE);
        Err("The job failed, as it always does.")
    }

    /// Works for a while, and ends as no tool should.
    #[tool(task = "optional")]
    fn protocol_error_job(&self, ctx: &Context) -> Result<(), ProtocolError> {
        ctx.begin_task();
        ctx.sleep(A_WHILE);
        Err(ProtocolError::internal_error("The job broke down.", None))
    }

    /// Deletes nothing, once the user has confirmed it.
    #[tool(task = "optional")]
    fn confirm_delete(
        &self,
        Parameters(File { filename }): Parameters<File>,
        ctx: &Context,
    ) -> Result<String, ProtocolError> {
        ctx.begin_task();
        let question = Elicit::<Sure>::new(format!("Delete {filename}?")).id("confirm");
        Ok(match ctx.elicit(question)? {
            Elicited::Accept(Sure { confirm: true }) => format!("{filename} is deleted."),
            _ => format!("{filename} is kept."),
        })
    }

    /// Asks the user two questions at once.
    #[tool(task = "optional")]
    fn multi_input(&self, ctx: &Context) -> Result<String, ProtocolError> {
        ctx.begin_task();
        let (name, sure) = ctx.ask((
            Elicit::<Called>::new("What is your name?").id("name"),
            Elicit::<Sure>::new("Are you sure?").id("confirm"),
        ))?;
        let name = name
            .accepted()
            .map_or_else(String::new, |called| called.name);
        let sure = matches!(sure, Elicited::Accept(Sure { confirm: true }));
        Ok(format!(
            "{name} is {}.",
            if sure { "sure" } else { "not sure" }
        ))
    }

    /// Asks the user for a name, and then works for a while without the client.
    #[tool(task = "required")]
    fn test_tool_with_task(&self, ctx: &Context) -> Result<String, ProtocolError> {
        let question = Elicit::<Called>::new("What is your name?").id("user_name");
        let name = ctx.elicit(question)?.accepted();
        ctx.begin_task();
        ctx.sleep(A_WHILE);
        let name = name.map_or_else(|| "somebody".to_owned(), |called| called.name);
        Ok(format!("Done for {name}."))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smcp_sdk::testing::Client;

    use super::*;

    fn client() -> Client<Everything> {
        Client::new()
            .with_tasks()
            .with_capabilities(json!({"elicitation": {}}))
    }

    #[test]
    fn which_calls_become_tasks() {
        let supports: Vec<_> = client()
            .list_tools()
            .iter()
            .filter_map(|tool| {
                let support = tool["execution"]["taskSupport"].as_str()?;
                Some(format!("{} {support}", tool["name"].as_str()?))
            })
            .collect();
        let expected = [
            "slow_compute optional",
            "failing_job required",
            "protocol_error_job optional",
            "confirm_delete optional",
            "multi_input optional",
            "test_tool_with_task required",
        ];
        assert_eq!(supports, expected);
        let client = client();
        client.call("greet", json!({"name": "Ada"}));
        assert!(!client.became_task());
        client.call("slow_compute", json!({"seconds": 0}));
        assert!(client.became_task());
    }

    #[test]
    fn a_job_ends_as_its_questions_are_answered() {
        for (confirm, expected) in [(true, "a is deleted."), (false, "a is kept.")] {
            let client = client();
            client.answer_elicitation(json!({"confirm": confirm}));
            let outcome = client.call("confirm_delete", json!({"filename": "a"}));
            assert_eq!(outcome.text(), expected);
        }
        let client = client();
        client.answer_elicitation(json!({"name": "Ada"}));
        client.answer_elicitation(json!({"confirm": true}));
        let outcome = client.call("multi_input", json!({}));
        assert_eq!(outcome.text(), "Ada is sure.");
        client.answer_elicitation(json!({"name": "Alice"}));
        let outcome = client.call("test_tool_with_task", json!({}));
        assert_eq!(outcome.text(), "Done for Alice.");
    }

    #[test]
    fn jobs_fail_in_either_way() {
        let client = client();
        assert!(client.call("failing_job", json!({})).is_error());
        let broken = client.try_call("protocol_error_job", json!({}));
        assert_eq!(broken.err().map(|error| error.code), Some(-32603));
        let never = client.call("slow_compute", json!({"seconds": -1}));
        assert!(never.is_error());
    }
}
