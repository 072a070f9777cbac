//! The three sorts of things that a router routes to, and what is called differently in each.

use std::fmt;

/// A tool, a prompt or a resource.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Tool,
    Prompt,
    Resource,
}

impl Sort {
    /// The attribute of a method.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        }
    }

    /// The function of `ServerHandler` that gives the router.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Tool => "tools",
            Self::Prompt => "prompts",
            Self::Resource => "resources",
        }
    }

    /// The type of the router.
    pub(crate) fn router(self) -> &'static str {
        match self {
            Self::Tool => "ToolRouter",
            Self::Prompt => "PromptRouter",
            Self::Resource => "ResourceRouter",
        }
    }

    /// The arguments of the attribute.
    pub(crate) fn arguments(self) -> &'static str {
        match self {
            Self::Tool => "`name`, `title`, `description`, `annotations`, `task`, `icons`, `meta`",
            Self::Prompt => "`name`, `title`, `description`, `icons`, `meta`",
            Self::Resource => {
                "`uri`, `name`, `title`, `description`, `mime_type`, `annotations`, `icons`, `meta`"
            }
        }
    }

    pub(crate) fn who_chooses(self) -> &'static str {
        match self {
            Self::Tool => "a model chooses a tool",
            Self::Prompt => "a user chooses a prompt",
            Self::Resource => "an application chooses a resource",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
