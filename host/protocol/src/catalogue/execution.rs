//! How a tool is run: `execution` (2025-11-25, schema, `ToolExecution`), which says whether a call of
//! it may go on as a task.
//!
//! It is kept beside the text from which lists are served: only the `Tool` of 2025-11-25 has it. Refused: what
//! is no such object.

use crate::json::{Json, Kind, push_member};

use super::{CatalogueError, List};

const EXECUTION: &str = "execution";

/// Whether a call of a tool may go on without its client, as a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskSupport {
    /// It may not.
    #[default]
    Forbidden,
    /// It may, if the client takes tasks.
    Optional,
    /// It must: a client that takes no tasks cannot call it.
    Required,
}

impl TaskSupport {
    /// Its name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// Whether it is another than that of a tool that says nothing.
    pub(crate) const fn is_said(self) -> bool {
        !matches!(self, Self::Forbidden)
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Forbidden, Self::Optional, Self::Required];
        all.into_iter().find(|support| support.as_str() == text)
    }

    /// What a tool says of it; a tool that says nothing is not run as a task.
    fn of(tool: Json<'_>) -> Result<Self, &'static str> {
        let Some(execution) = tool.get(EXECUTION) else {
            return Ok(Self::default());
        };
        if execution.kind() != Kind::Object {
            return Err("has an \"execution\" that is not an object");
        }
        match execution.get("taskSupport") {
            None => Ok(Self::default()),
            Some(said) => said.as_str().and_then(|text| Self::parse(&text)).ok_or(
                "needs a \"taskSupport\" that is \"optional\", \"required\" or \"forbidden\"",
            ),
        }
    }
}

/// What each tool of a catalogue says of how it is run, and the catalogue's text without that; no text
/// if none says anything.
pub(super) fn taken_out(
    catalogue: Json<'_>,
) -> Result<(Option<String>, Vec<TaskSupport>), CatalogueError> {
    let tools = catalogue.get(List::Tools.member());
    let tools = tools.into_iter().flat_map(Json::elements);
    let mut is_said = false;
    let mut supports = Vec::new();
    for (index, tool) in tools.enumerate() {
        is_said |= tool.get(EXECUTION).is_some();
        supports.push(TaskSupport::of(tool).map_err(|why| CatalogueError::Item {
            list: List::Tools.member(),
            index,
            why,
        })?);
    }
    Ok((is_said.then(|| bare(catalogue)), supports))
}

fn bare(catalogue: Json<'_>) -> String {
    let mut out = String::from("{");
    for (name, value) in catalogue.members() {
        if name == List::Tools.member() {
            let tools: Vec<_> = value.elements().map(bare_tool).collect();
            push_member(&mut out, &name, &format!("[{}]", tools.join(",")));
        } else {
            push_member(&mut out, &name, value.text());
        }
    }
    out.push('}');
    out
}

fn bare_tool(tool: Json<'_>) -> String {
    if tool.get(EXECUTION).is_none() {
        return tool.text().to_owned();
    }
    let mut out = String::from("{");
    for (name, value) in tool.members().filter(|(name, _)| name != EXECUTION) {
        push_member(&mut out, &name, value.text());
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

    use super::*;
    use crate::{Catalogue, List};

    fn catalogue(execution: &str) -> Result<Catalogue, CatalogueError> {
        let text = format!(
            r#"{{"instructions":"i","tools":[ {{"name":"a","inputSchema":{{"type":"object"}} }},{{"name":"b",{execution}"inputSchema":{{"type":"object"}},"_meta":{{"execution":1}}}}]}}"#
        );
        Catalogue::parse(text.as_bytes())
    }

    #[test]
    fn a_tool_says_whether_it_may_go_on_as_a_task() {
        for (execution, support) in [
            ("", TaskSupport::Forbidden),
            (r#""execution":{},"#, TaskSupport::Forbidden),
            (
                r#""execution":{"taskSupport":"forbidden"},"#,
                TaskSupport::Forbidden,
            ),
            (
                r#""execution":{"taskSupport":"optional"},"#,
                TaskSupport::Optional,
            ),
            (
                r#""execution":{"taskSupport":"re\u0071uired"},"#,
                TaskSupport::Required,
            ),
        ] {
            let catalogue = catalogue(execution).unwrap();
            let support_of = |name| catalogue.tool(name).unwrap().task_support();
            assert_eq!(support_of("a"), TaskSupport::Forbidden, "{execution}");
            assert_eq!(support_of("b"), support, "{execution}");
            let may = support != TaskSupport::Forbidden;
            assert_eq!(catalogue.offer().tasks, may, "{execution}");
        }
    }

    #[test]
    fn the_text_of_a_tool_says_nothing_of_how_it_is_run() {
        let plain = catalogue("").unwrap();
        let tasked = catalogue(r#""execution":{"taskSupport":"optional"},"#).unwrap();
        let texts = |catalogue: &Catalogue| -> Vec<String> {
            let texts = catalogue.tools().map(|tool| tool.json().text().to_owned());
            texts.collect()
        };
        assert_eq!(texts(&tasked), texts(&plain));
        assert!(texts(&tasked)[1].contains(r#""_meta":{"execution":1}"#));
        let page = tasked.page(List::Tools, None).unwrap();
        assert!(!page.items.contains("taskSupport"), "{page:?}");
        assert_eq!(tasked.offer().instructions.unwrap().text(), "\"i\"");
        // Clients of 2025-11-25 are told: to them it is another list.
        assert_eq!(plain.changes(&tasked), [crate::Change::Tools]);
        assert!(tasked.changes(&tasked).is_empty());
    }

    #[test]
    fn what_is_no_execution_is_refused() {
        for execution in [
            r#""execution":"task","#,
            r#""execution":{"taskSupport":true},"#,
            r#""execution":{"taskSupport":"Optional"},"#,
        ] {
            let error = catalogue(execution).unwrap_err();
            assert_eq!(error.code(), "catalogue_item", "{execution}");
            assert!(error.to_string().contains("number 1 "), "{error}");
        }
    }
}
