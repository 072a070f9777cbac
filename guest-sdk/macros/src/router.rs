//! `#[tool_router]`, `#[prompt_router]`, `#[resource_router]`: from an `impl` block with methods
//! to the same block with a router.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ImplItem, ItemImpl, Visibility};

use crate::attributes::{self, Argument, Value};
use crate::mistakes::Mistakes;
use crate::sort::Sort;
use crate::tool::{self, Tool};

/// What the attribute says.
struct Options {
    sort: Sort,
    name: syn::Ident,
    visibility: Visibility,
    server_handler: bool,
}

/// Expands the attribute.
pub(crate) fn expand(sort: Sort, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = attributes::parse(arguments, &mut mistakes);
    let options = Options::read(sort, &arguments, &mut mistakes);
    let mut block: ItemImpl = match syn::parse2(item.clone()) {
        Ok(block) => block,
        Err(mistake) => {
            mistakes.push(if is_another_item(&item) {
                syn::Error::new_spanned(
                    &item,
                    format!(
                        "`#[{sort}_router]` belongs on the `impl` block that holds the {sort}s"
                    ),
                )
            } else {
                mistake
            });
            let mistakes = mistakes.into_tokens();
            return quote!(#mistakes #item);
        }
    };
    if let Some((of, _)) = &block.trait_ {
        mistakes.at(
            of,
            format!(
                "{sort}s are methods of the type itself: put `#[{sort}_router]` on an `impl` block without a trait"
            ),
        );
    }
    let tools = read_tools(&mut block, sort, &mut mistakes);
    let addition = write(&block, &options, &tools);
    let mistakes = mistakes.into_tokens();
    quote!(#block #mistakes #addition)
}

/// Whether the item parses, so that it is the wrong item and not wrong Rust.
fn is_another_item(item: &TokenStream) -> bool {
    syn::parse2::<syn::Item>(item.clone()).is_ok_and(|item| !matches!(item, syn::Item::Impl(_)))
}

/// Expands `#[tool]` and its like where no router has taken it off.
pub(crate) fn stray(sort: Sort, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    mistakes.at(
        &item,
        format!(
            "`#[{sort}]` is for a method in an `impl` block marked `#[{sort}_router]`: mark the block"
        ),
    );
    let mistakes = mistakes.into_tokens();
    // In an `impl` block, where a stray attribute is likely, an item macro would not parse.
    match syn::parse2::<syn::ImplItemFn>(item.clone()) {
        Ok(mut method) => {
            let message = mistakes;
            method.block = syn::parse_quote!({ #message });
            quote!(#method)
        }
        Err(_) => quote!(#mistakes #item),
    }
}

impl Options {
    fn read(sort: Sort, arguments: &[Argument], mistakes: &mut Mistakes) -> Self {
        let mut options = Self {
            sort,
            name: format_ident!("{}_router", sort.name()),
            visibility: Visibility::Inherited,
            server_handler: false,
        };
        attributes::refuse_repeated(arguments, mistakes);
        for argument in arguments {
            options.take(argument, mistakes);
        }
        options
    }

    fn take(&mut self, argument: &Argument, mistakes: &mut Mistakes) {
        match argument.key.to_string().as_str() {
            "server_handler" if matches!(argument.value, Value::Flag) => self.server_handler = true,
            "server_handler" => mistakes.at(&argument.key, "write `server_handler` alone"),
            "router" => match &argument.value {
                Value::Expr(syn::Expr::Path(path)) if path.path.get_ident().is_some() => {
                    if let Some(name) = path.path.get_ident() {
                        self.name = name.clone();
                    }
                }
                _ => mistakes.at(
                    &argument.key,
                    format!("`router` takes a name: `router = {}_router_a`", self.sort),
                ),
            },
            "vis" => {
                let text = argument.text(mistakes);
                if let Some(visibility) = text.and_then(|text| mistakes.ok(text.parse())) {
                    self.visibility = visibility;
                }
            }
            _ => argument.unknown("`server_handler`, `router`, `vis`", mistakes),
        }
    }
}

fn read_tools(block: &mut ItemImpl, sort: Sort, mistakes: &mut Mistakes) -> Vec<Tool> {
    let mut tools: Vec<Tool> = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let attributes = tool::take_attribute(method, sort);
        if attributes.is_empty() {
            continue;
        }
        let tool = tool::read(method, &attributes, sort, mistakes);
        let uri = |tool: &Tool| tool.uri.as_ref().map(syn::LitStr::value);
        if sort == Sort::Resource {
            let same = |earlier: &Tool| uri(earlier).is_some() && uri(earlier) == uri(&tool);
            if tools.iter().any(same) {
                mistakes.at(
                    &tool.uri,
                    "there is a resource with this URI already: give it another",
                );
            }
        } else if tools.iter().any(|earlier| earlier.name == tool.name) {
            let message = format!(
                "there is a {sort} `{}` already: write `#[{sort}(name = \"...\")]` with another name",
                tool.name
            );
            mistakes.at(&tool.name_place, message);
        }
        tools.push(tool);
    }
    if tools.is_empty() {
        mistakes.at(
            &block.self_ty,
            format!("there is no {sort} in this block: write `#[{sort}]` above a method"),
        );
    }
    tools
}

/// The router's function, and the implementation of `ServerHandler` if it was asked for. After a
/// mistake too: its absence would only bring up errors elsewhere.
fn write(block: &ItemImpl, options: &Options, tools: &[Tool]) -> TokenStream {
    let (generics, _, condition) = block.generics.split_for_impl();
    let itself = &block.self_ty;
    let Options {
        sort,
        name,
        visibility,
        server_handler,
    } = options;
    let function = format_ident!("{}", sort.function());
    let (router, doc) = (
        format_ident!("{}", sort.router()),
        format!("The {sort}s of this block."),
    );
    let is_whole =
        |tool: &&Tool| !tool.is_broken && (*sort != Sort::Resource || tool.uri.is_some());
    let entries = tools.iter().filter(is_whole).map(Tool::entry);
    let handler = server_handler.then(|| {
        quote! {
            impl #generics ::smcp_sdk::ServerHandler for #itself #condition {
                fn #function() -> ::smcp_sdk::#router<Self> {
                    Self::#name()
                }
            }
        }
    });
    quote! {
        impl #generics #itself #condition {
            #[doc = #doc]
            #visibility fn #name() -> ::smcp_sdk::#router<Self> {
                ::smcp_sdk::#router::new(::std::vec![#(#entries),*])
            }
        }
        #handler
    }
}
