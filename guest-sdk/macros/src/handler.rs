//! `#[tool_handler]`, `#[prompt_handler]`, `#[resource_handler]`: each fills in what an `impl ServerHandler` block leaves to the macros.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ImplItem, ItemImpl, parse_quote};

use crate::attributes;
use crate::mistakes::Mistakes;
use crate::sort::Sort;

/// Expands the attribute.
pub(crate) fn expand(sort: Sort, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = attributes::parse(arguments, &mut mistakes);
    attributes::refuse_repeated(&arguments, &mut mistakes);
    let mut router = None;
    let mut instructions = None;
    let mut icons = None;
    let misplaced = format!(
        "`#[{sort}_handler]` belongs on `impl ServerHandler for ...`; for the {sort}s' own block it is `#[{sort}_router]`"
    );
    for argument in &arguments {
        match argument.key.to_string().as_str() {
            "router" => router = argument.expr(&mut mistakes),
            "instructions" => instructions = argument.expr(&mut mistakes),
            "icons" => icons = argument.expr(&mut mistakes),
            _ => argument.unknown("`router`, `instructions`, `icons`", &mut mistakes),
        }
    }
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else {
        mistakes.at(&item, &misplaced);
        let mistakes = mistakes.into_tokens();
        return quote!(#mistakes #item);
    };
    let is_handler = block.trait_.as_ref().is_some_and(|(path, _)| {
        path.segments
            .last()
            .is_some_and(|segment| segment.ident == "ServerHandler")
    });
    if !is_handler {
        mistakes.at(&block.self_ty, &misplaced);
        let mistakes = mistakes.into_tokens();
        return quote!(#mistakes #block);
    }
    let default = format_ident!("{}_router", sort.name());
    let router = router.unwrap_or_else(|| parse_quote!(Self::#default()));
    let function = format_ident!("{}", sort.function());
    let of = format_ident!("{}", sort.router());
    fill(&mut block, sort, sort.function(), &mut mistakes, || {
        parse_quote! {
            fn #function() -> ::smcp_sdk::#of<Self> {
                #router
            }
        }
    });
    if let Some(instructions) = instructions {
        fill(&mut block, sort, "instructions", &mut mistakes, || {
            parse_quote! {
                fn instructions() -> ::core::option::Option<::std::string::String> {
                    ::core::option::Option::Some(::std::string::String::from(#instructions))
                }
            }
        });
    }
    if let Some(icons) = icons {
        fill(&mut block, sort, "icons", &mut mistakes, || {
            parse_quote! {
                fn icons() -> ::std::vec::Vec<::smcp_sdk::Icon> {
                    ::std::vec::Vec::from(#icons)
                }
            }
        });
    }
    declare(&mut block, "list_resources", "DYNAMIC_RESOURCES");
    declare(&mut block, "complete", "COMPLETIONS");
    let mistakes = mistakes.into_tokens();
    quote!(#mistakes #block)
}

/// Lets the catalogue say that a function is written, unless the author or another attribute has
/// said it already.
fn declare(block: &mut ItemImpl, function: &str, constant: &str) {
    let is_written = |item: &ImplItem| matches!(item, ImplItem::Fn(f) if f.sig.ident == function);
    let is_said = |item: &ImplItem| matches!(item, ImplItem::Const(c) if c.ident == constant);
    if block.items.iter().any(is_written) && !block.items.iter().any(is_said) {
        let constant = format_ident!("{constant}");
        block
            .items
            .push(parse_quote!(const #constant: bool = true;));
    }
}

/// Adds a function, which the author must not have written too.
fn fill(
    block: &mut ItemImpl,
    sort: Sort,
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
                "`#[{sort}_handler]` writes `{name}`: remove the attribute's part or this function"
            ),
        ),
        None => block.items.push(function()),
    }
}
