//! One tool: what its attribute, its doc comment and its signature say.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Expr, ExprLit, FnArg, Ident, ImplItemFn, Lit, Meta, ReceiverKind, ReturnType,
    Safety, Type, parse_quote,
};

use crate::attributes::{self, Argument, Value};
use crate::forbidden;
use crate::mistakes::Mistakes;

/// Longer names do not pass the APIs of many models.
const NAME_MAX_CHARACTERS: usize = 64;

/// A tool, ready to be written into the router.
pub(crate) struct Tool {
    pub(crate) name: String,
    /// Where the name is written, for messages about it.
    pub(crate) name_place: TokenStream,
    title: Option<Expr>,
    description: TokenStream,
    hints: Hints,
    method: Ident,
    has_receiver: bool,
    is_async: bool,
    /// The types of the arguments and of the result, with no lifetimes of the method's own.
    arguments: Vec<TokenStream>,
    output: TokenStream,
    /// Whether the signature is mistaken, so that a call of the method would not compile either.
    pub(crate) is_broken: bool,
}

#[derive(Default)]
struct Hints {
    title: Option<Expr>,
    read_only: Option<bool>,
    destructive: Option<bool>,
    idempotent: Option<bool>,
    open_world: Option<bool>,
}

/// What is left of a `#[tool]` that the router has read. It stays on the method so that the
/// author's `use smcp_sdk::tool` is used.
const TAKEN: &str = "__taken";

/// Takes the `#[tool]` attributes off the method; nothing when it has none.
pub(crate) fn take_attribute(method: &mut ImplItemFn) -> Vec<Attribute> {
    let is_tool = |attribute: &Attribute| {
        attribute
            .path()
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "tool")
    };
    let (tool, other): (Vec<_>, _) = method.attrs.drain(..).partition(is_tool);
    method.attrs = other;
    if let Some(first) = tool.first() {
        let (path, taken) = (first.path(), Ident::new(TAKEN, first.span()));
        method.attrs.push(parse_quote!(#[#path(#taken)]));
    }
    tool
}

/// Whether these are the arguments that [`take_attribute`] left.
pub(crate) fn is_taken(arguments: &TokenStream) -> bool {
    arguments.to_string() == TAKEN
}

/// Reads a method that had these `#[tool]` attributes.
pub(crate) fn read(method: &ImplItemFn, tool: &[Attribute], mistakes: &mut Mistakes) -> Tool {
    if let Some(second) = tool.get(1) {
        mistakes.at(
            second,
            "one `#[tool]` is enough: put all arguments into the first",
        );
    }
    let arguments = tool.first().map_or_else(Vec::new, |tool| match &tool.meta {
        Meta::List(list) => attributes::parse(list.tokens.clone(), mistakes),
        Meta::Path(_) => Vec::new(),
        Meta::NameValue(pair) => {
            mistakes.at(pair, "write `#[tool]` or `#[tool(...)]`");
            Vec::new()
        }
    });
    attributes::refuse_repeated(&arguments, mistakes);
    forbidden::report(method.block.to_token_stream(), mistakes);

    let signature = &method.sig;
    let mut tool = Tool {
        name: signature.ident.unraw().to_string(),
        name_place: signature.ident.to_token_stream(),
        title: None,
        description: TokenStream::new(),
        hints: Hints::default(),
        method: signature.ident.clone(),
        has_receiver: signature.receiver().is_some(),
        is_async: signature.asyncness.is_some(),
        arguments: Vec::new(),
        output: match &signature.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, output) => elide(output.to_token_stream(), signature),
        },
        is_broken: false,
    };
    for argument in &arguments {
        tool.take(argument, mistakes);
    }
    check_name(&tool, mistakes);
    if tool.description.is_empty() {
        tool.description = describe(method, mistakes);
    }
    let before = mistakes.count();
    check_signature(signature, mistakes);
    tool.is_broken = mistakes.count() > before;
    tool.arguments = take_arguments(signature, mistakes);
    tool
}

impl Tool {
    fn take(&mut self, argument: &Argument, mistakes: &mut Mistakes) {
        match argument.key.to_string().as_str() {
            "name" => {
                if let Some(name) = argument.text(mistakes) {
                    self.name = name.value();
                    self.name_place = name.to_token_stream();
                }
            }
            "title" => self.title = argument.expr(mistakes),
            // An empty one is a mistake that has been reported: no second report for want of one.
            "description" => {
                let description = argument.expr(mistakes);
                self.description = description.map_or_else(|| quote!(""), |text| quote!(#text));
            }
            "annotations" => self.hints.take(argument, mistakes),
            _ => argument.unknown("`name`, `title`, `description`, `annotations`", mistakes),
        }
    }

    /// The entry of the router, an expression of the type `Tool<Self>`.
    pub(crate) fn entry(&self) -> TokenStream {
        let Self {
            name,
            title,
            description,
            method,
            output,
            ..
        } = self;
        let title = option(title);
        let annotations = self.hints.entry();
        let schemas = self.arguments.iter().map(|argument| {
            quote_spanned!(argument.span()=> <#argument as ::smcp_sdk::FromCall>::input_schema)
        });
        let values = self.arguments.iter().map(|argument| {
            quote_spanned!(argument.span()=> <#argument as ::smcp_sdk::FromCall>::from_call(call)?)
        });
        let receiver = self.has_receiver.then(|| quote!(server,));
        let mut value = quote!(Self::#method(#receiver #(#values),*));
        if self.is_async {
            value = quote!(::smcp_sdk::__private::block_on(#value));
        }
        let trait_of_output = quote_spanned! { output.span()=>
            <#output as ::smcp_sdk::IntoCallToolResult>
        };
        quote! {
            ::smcp_sdk::Tool {
                name: #name,
                title: #title,
                description: #description,
                annotations: #annotations,
                input_schema: || ::smcp_sdk::__private::input_schema(&[#(#schemas),*]),
                output_schema: #trait_of_output::output_schema,
                call: |server, call| {
                    let _: &Self = server;
                    #trait_of_output::into_call_tool_result(#value)
                },
            }
        }
    }
}

impl Hints {
    fn take(&mut self, annotations: &Argument, mistakes: &mut Mistakes) {
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

    fn entry(&self) -> TokenStream {
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

fn option(value: &Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn check_name(tool: &Tool, mistakes: &mut Mistakes) {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if !(1..=NAME_MAX_CHARACTERS).contains(&tool.name.chars().count())
        || !tool.name.chars().all(allowed)
    {
        let message = format!(
            "`{}` cannot be the name of a tool: write `#[tool(name = \"...\")]` with 1 to \
             {NAME_MAX_CHARACTERS} of the characters A-Z, a-z, 0-9, `_` and `-`",
            tool.name
        );
        mistakes.at(&tool.name_place, message);
    }
}

/// The doc comment, as the description.
fn describe(method: &ImplItemFn, mistakes: &mut Mistakes) -> TokenStream {
    let mut lines = Vec::new();
    for attribute in method
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(line),
                    ..
                }) => lines.push(line.value()),
                // `#[doc = include_str!(...)]` and the like: the compiler makes the text.
                text => return quote!(#text),
            },
            Meta::Path(_) | Meta::List(_) => {}
        }
    }
    // Not `lines()`, which would lose the empty ones.
    let lines = lines.iter().flat_map(|text| text.split('\n'));
    let lines: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let text = lines.join("\n");
    let text = text.trim();
    if text.is_empty() {
        mistakes.at(
            &method.sig.ident,
            "a model chooses a tool by its description: write a doc comment (`/// ...`) or \
             `#[tool(description = \"...\")]`",
        );
    }
    quote!(#text)
}

fn check_signature(signature: &syn::Signature, mistakes: &mut Mistakes) {
    if let Some(receiver) = signature.receiver()
        && !matches!(receiver.kind, ReceiverKind::Reference(_, _, None))
    {
        mistakes.at(
            receiver,
            "take `&self`: each call gets a fresh server, so nothing could be kept in it",
        );
    }
    for parameter in &signature.generics.params {
        if !matches!(parameter, syn::GenericParam::Lifetime(_)) {
            mistakes.at(
                parameter,
                "a tool has one schema, so it cannot be generic: name the type",
            );
        }
    }
    if let Safety::Unsafe(r#unsafe) = &signature.safety {
        mistakes.at(
            r#unsafe,
            "a client calls a tool with whatever it likes, so it cannot be `unsafe`",
        );
    }
    if let ReturnType::Type(_, output) = &signature.output
        && let Type::ImplTrait(opaque) = &**output
    {
        mistakes.at(
            opaque,
            "name the type that the tool returns: the catalogue needs its schema",
        );
    }
}

/// The types after the receiver.
fn take_arguments(signature: &syn::Signature, mistakes: &mut Mistakes) -> Vec<TokenStream> {
    let mut types = Vec::new();
    let mut parameters = 0;
    for input in &signature.inputs {
        let FnArg::Typed(input) = input else { continue };
        let is_parameters = matches!(&*input.ty, Type::Path(path)
            if path.path.segments.last().is_some_and(|segment| segment.ident == "Parameters"));
        parameters += usize::from(is_parameters);
        if is_parameters && parameters > 1 {
            mistakes.at(
                input,
                "a tool takes one object: put these fields into the struct of the first `Parameters`",
            );
        }
        types.push(elide(input.ty.to_token_stream(), signature));
    }
    types
}

/// The type with `'_` for the lifetimes that the method declares: the router's function, where the
/// type is written again, does not know them.
fn elide(of: TokenStream, signature: &syn::Signature) -> TokenStream {
    let mut after_tick = false;
    let tokens = of.into_iter().map(|token| {
        let follows_tick = after_tick;
        after_tick = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        match token {
            TokenTree::Ident(name)
                if follows_tick
                    && signature
                        .generics
                        .lifetimes()
                        .any(|l| l.lifetime.ident == name) =>
            {
                TokenTree::Ident(Ident::new("_", name.span()))
            }
            TokenTree::Group(group) => {
                let mut elided = Group::new(group.delimiter(), elide(group.stream(), signature));
                elided.set_span(group.span());
                TokenTree::Group(elided)
            }
            token => token,
        }
    });
    tokens.collect()
}
