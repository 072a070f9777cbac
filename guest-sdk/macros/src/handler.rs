//! `#[tool_handler]`: fills in what an `impl ServerHandler` block leaves to the macros.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItem, ItemImpl, parse_quote};

use crate::attributes;
use crate::mistakes::Mistakes;

/// Expands the attribute.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = attributes::parse(arguments, &mut mistakes);
    attributes::refuse_repeated(&arguments, &mut mistakes);
    let mut router = None;
    let mut instructions = None;
    for argument in &arguments {
        match argument.key.to_string().as_str() {
            "router" => router = argument.expr(&mut mistakes),
            "instructions" => instructions = argument.expr(&mut mistakes),
            _ => argument.unknown("`router`, `instructions`", &mut mistakes),
        }
    }
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else {
        mistakes.at(&item, MISPLACED);
        let mistakes = mistakes.into_tokens();
        return quote!(#mistakes #item);
    };
    let is_handler = block.trait_.as_ref().is_some_and(|(path, _)| {
        path.segments
            .last()
            .is_some_and(|segment| segment.ident == "ServerHandler")
    });
    if !is_handler {
        mistakes.at(&block.self_ty, MISPLACED);
        let mistakes = mistakes.into_tokens();
        return quote!(#mistakes #block);
    }
    let router = router.unwrap_or_else(|| parse_quote!(Self::tool_router()));
    fill(&mut block, "tools", &mut mistakes, || {
        parse_quote! {
            fn tools() -> ::smcp_sdk::ToolRouter<Self> {
                #router
            }
        }
    });
    if let Some(instructions) = instructions {
        fill(&mut block, "instructions", &mut mistakes, || {
            parse_quote! {
                fn instructions() -> ::core::option::Option<::std::string::String> {
                    ::core::option::Option::Some(::std::string::String::from(#instructions))
                }
            }
        });
    }
    let mistakes = mistakes.into_tokens();
    quote!(#mistakes #block)
}

const MISPLACED: &str = "`#[tool_handler]` belongs on `impl ServerHandler for ...`; for the tools' own block it is `#[tool_router]`";

/// Adds a function, which the author must not have written too.
fn fill(
    block: &mut ItemImpl,
    name: &str,
    mistakes: &mut Mistakes,
    function: impl FnOnce() -> ImplItem,
) {
    let written = block.items.iter().find_map(|item| match item {
        ImplItem::Fn(function) if function.sig.ident == name => Some(&function.sig.ident),
        _ => None,
    });
    match written {
        Some(written) => mistakes.at(
            written,
            format!(
                "`#[tool_handler]` writes `{name}`: remove the attribute's part or this function"
            ),
        ),
        None => block.items.push(function()),
    }
}
