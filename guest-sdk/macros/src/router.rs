//! `#[tool_router]`: from an `impl` block with tools to the same block with a router.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ImplItem, ItemImpl, Visibility};

use crate::attributes::{self, Argument, Value};
use crate::mistakes::Mistakes;
use crate::tool::{self, Tool};

/// What the attribute says.
struct Options {
    name: syn::Ident,
    visibility: Visibility,
    server_handler: bool,
}

/// Expands the attribute.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let options = Options::read(&attributes::parse(arguments, &mut mistakes), &mut mistakes);
    let mut block: ItemImpl = match syn::parse2(item.clone()) {
        Ok(block) => block,
        Err(mistake) => {
            mistakes.push(if is_another_item(&item) {
                syn::Error::new_spanned(
                    &item,
                    "`#[tool_router]` belongs on the `impl` block that holds the tools",
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
            "tools are methods of the type itself: put `#[tool_router]` on an `impl` block without a trait",
        );
    }
    let tools = read_tools(&mut block, &mut mistakes);
    let addition = write(&block, &options, &tools);
    let mistakes = mistakes.into_tokens();
    quote!(#block #mistakes #addition)
}

/// Whether the item parses, so that it is the wrong item and not wrong Rust.
fn is_another_item(item: &TokenStream) -> bool {
    syn::parse2::<syn::Item>(item.clone()).is_ok_and(|item| !matches!(item, syn::Item::Impl(_)))
}

/// Expands `#[tool]` where no `#[tool_router]` has taken it off.
pub(crate) fn stray(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    mistakes.at(
        &item,
        "`#[tool]` is for a method in an `impl` block marked `#[tool_router]`: mark the block",
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
    fn read(arguments: &[Argument], mistakes: &mut Mistakes) -> Self {
        let mut options = Self {
            name: format_ident!("tool_router"),
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
                    "`router` takes a name: `router = tool_router_a`",
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

fn read_tools(block: &mut ItemImpl, mistakes: &mut Mistakes) -> Vec<Tool> {
    let mut tools: Vec<Tool> = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let attributes = tool::take_attribute(method);
        if attributes.is_empty() {
            continue;
        }
        let tool = tool::read(method, &attributes, mistakes);
        if tools.iter().any(|earlier| earlier.name == tool.name) {
            let message = format!(
                "there is a tool `{}` already: write `#[tool(name = \"...\")]` with another name",
                tool.name
            );
            mistakes.at(&tool.name_place, message);
        }
        tools.push(tool);
    }
    if tools.is_empty() {
        mistakes.at(
            &block.self_ty,
            "there is no tool in this block: write `#[tool]` above a method",
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
        name,
        visibility,
        server_handler,
    } = options;
    let entries = tools.iter().filter(|tool| !tool.is_broken).map(Tool::entry);
    let handler = server_handler.then(|| {
        quote! {
            impl #generics ::smcp_sdk::ServerHandler for #itself #condition {
                fn tools() -> ::smcp_sdk::ToolRouter<Self> {
                    Self::#name()
                }
            }
        }
    });
    quote! {
        impl #generics #itself #condition {
            /// The tools of this block.
            #visibility fn #name() -> ::smcp_sdk::ToolRouter<Self> {
                ::smcp_sdk::ToolRouter::new(::std::vec![#(#entries),*])
            }
        }
        #handler
    }
}
