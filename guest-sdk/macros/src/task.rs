//! The argument `task` of `#[tool]`: whether a call may go on without its client.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, Lit};

use crate::attributes::{Argument, Value};
use crate::mistakes::Mistakes;

#[derive(Clone, Copy)]
pub(crate) enum TaskSupport {
    Optional,
    Required,
}

impl TaskSupport {
    pub(crate) fn read(argument: &Argument, mistakes: &mut Mistakes) -> Option<Self> {
        let text = match &argument.value {
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => text.value(),
            Value::Expr(_) | Value::Flag | Value::List(_) => String::new(),
        };
        match text.as_str() {
            "optional" => Some(Self::Optional),
            "required" => Some(Self::Required),
            _ => {
                let message = "write `task = \"optional\"` if a call may go on as a task where the client takes \
                               tasks, or `task = \"required\"` if it must; a tool without it is never one";
                mistakes.at(&argument.key, message);
                None
            }
        }
    }

    /// The statement that says it of the tool `of`.
    pub(crate) fn entry(self) -> TokenStream {
        let support = match self {
            Self::Optional => quote!(Optional),
            Self::Required => quote!(Required),
        };
        quote!(of.execution.task_support = ::smcp_sdk::TaskSupport::#support;)
    }
}
