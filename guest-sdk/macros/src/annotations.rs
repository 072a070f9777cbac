//! The argument `annotations(...)`: the hints of a tool, and the marks of a resource.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Expr;

use crate::attributes::{self, Argument, Value};
use crate::mistakes::Mistakes;

/// The hints of a tool.
#[derive(Default)]
pub(crate) struct Hints {
    title: Option<Expr>,
    read_only: Option<bool>,
    destructive: Option<bool>,
    idempotent: Option<bool>,
    open_world: Option<bool>,
}

/// The annotations of a resource.
#[derive(Default)]
pub(crate) struct Marks {
    audience: Option<Expr>,
    priority: Option<Expr>,
    last_modified: Option<Expr>,
}

impl Marks {
    pub(crate) fn take(&mut self, annotations: &Argument, mistakes: &mut Mistakes) {
        let Value::List(arguments) = &annotations.value else {
            mistakes.at(&annotations.key, "write `annotations(priority = 0.5, ...)`");
            return;
        };
        attributes::refuse_repeated(arguments, mistakes);
        for argument in arguments {
            match argument.key.to_string().as_str() {
                "audience" => self.audience = argument.expr(mistakes),
                "priority" => self.priority = argument.expr(mistakes),
                "last_modified" => self.last_modified = argument.expr(mistakes),
                _ => argument.unknown("`audience`, `priority`, `last_modified`", mistakes),
            }
        }
    }

    pub(crate) fn entry(&self) -> Option<TokenStream> {
        let audience = self
            .audience
            .as_ref()
            .map(|audience| quote!(audience: ::std::vec::Vec::from(#audience),));
        let priority = self
            .priority
            .as_ref()
            .map(|priority| quote!(priority: ::core::option::Option::Some(#priority),));
        let last_modified = self.last_modified.as_ref().map(|at| {
            quote!(last_modified: ::core::option::Option::Some(::std::string::String::from(#at)),)
        });
        if audience.is_none() && priority.is_none() && last_modified.is_none() {
            return None;
        }
        Some(quote! {
            #[allow(clippy::needless_update)]
            let annotations = ::smcp_sdk::Annotations {
                #audience #priority #last_modified
                ..::core::default::Default::default()
            };
            of.annotations = ::core::option::Option::Some(annotations);
        })
    }
}

impl Hints {
    pub(crate) fn take(&mut self, annotations: &Argument, mistakes: &mut Mistakes) {
        let Value::List(arguments) = &annotations.value else {
            mistakes.at(&annotations.key, "write `annotations(read_only_hint, ...)`");
            return;
        };
        attributes::refuse_repeated(arguments, mistakes);
        for argument in arguments {
            match argument.key.to_string().as_str() {
                "title" => self.title = argument.expr(mistakes),
                "read_only_hint" => self.read_only = argument.flag(mistakes),
                "destructive_hint" => self.destructive = argument.flag(mistakes),
                "idempotent_hint" => self.idempotent = argument.flag(mistakes),
                "open_world_hint" => self.open_world = argument.flag(mistakes),
                _ => argument.unknown(
                    "`title`, `read_only_hint`, `destructive_hint`, `idempotent_hint`, `open_world_hint`",
                    mistakes,
                ),
            }
        }
        if self.read_only == Some(true) && self.destructive == Some(true) {
            mistakes.at(
                &annotations.key,
                "a tool that only reads destroys nothing: remove `read_only_hint` or `destructive_hint`",
            );
        }
    }

    pub(crate) fn entry(&self) -> TokenStream {
        let title = option(&self.title);
        let read_only = option(&self.read_only);
        let destructive = option(&self.destructive);
        let idempotent = option(&self.idempotent);
        let open_world = option(&self.open_world);
        quote! {
            ::smcp_sdk::ToolAnnotations {
                title: #title,
                read_only_hint: #read_only,
                destructive_hint: #destructive,
                idempotent_hint: #idempotent,
                open_world_hint: #open_world,
            }
        }
    }
}

/// The value in an `Option`.
pub(crate) fn option(value: &Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
