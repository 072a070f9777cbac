//! What differs between two releases of the server: one tool and one prompt. When the other release
//! goes live, clients that listen are told that both lists have changed.

use smcp_sdk::{prompt, prompt_router, tool, tool_router};

use crate::Everything;

#[cfg(not(feature = "next"))]
#[tool_router(router = changing, vis = "pub(crate)")]
impl Everything {
    /// Is in this release only.
    #[tool]
    fn test_this_release(&self) -> &'static str {
        "Here until the next release."
    }
}

#[cfg(not(feature = "next"))]
#[prompt_router(router = changing_prompts, vis = "pub(crate)")]
impl Everything {
    /// Is in this release only.
    #[prompt]
    fn test_this_release_prompt(&self) -> &'static str {
        "Here until the next release."
    }
}

#[cfg(feature = "next")]
#[tool_router(router = changing, vis = "pub(crate)")]
impl Everything {
    /// Is in the next release only.
    #[tool]
    fn test_next_release(&self) -> &'static str {
        "Here since this release."
    }
}

#[cfg(feature = "next")]
#[prompt_router(router = changing_prompts, vis = "pub(crate)")]
impl Everything {
    /// Is in the next release only.
    #[prompt]
    fn test_next_release_prompt(&self) -> &'static str {
        "Here since this release."
    }
}
