//! One tool, prompt or resource: what its attribute, its doc comment and its signature say.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Expr, ExprLit, FnArg, Ident, ImplItemFn, Lit, LitStr, Meta, ReceiverKind,
    ReturnType, Safety, Type, parse_quote,
};

use crate::annotations::{Hints, Marks, option};
use crate::attributes::{self, Argument};
use crate::forbidden;
use crate::mistakes::Mistakes;
use crate::sort::Sort;
use crate::task::TaskSupport;

/// Longer names do not pass the APIs of many models.
const NAME_MAX_CHARACTERS: usize = 64;

/// A tool, prompt or resource, ready to be written into the router.
pub(crate) struct Tool {
    pub(crate) sort: Sort,
    pub(crate) name: String,
    /// Where the name is written, for messages about it.
    pub(crate) name_place: TokenStream,
    title: Option<Expr>,
    description: TokenStream,
    hints: Hints,
    task: Option<TaskSupport>,
    /// The URI of a resource, or its template.
    pub(crate) uri: Option<LitStr>,
    mime_type: Option<Expr>,
    icons: Option<Expr>,
    meta: Option<Expr>,
    marks: Marks,
    method: Ident,
    has_receiver: bool,
    is_async: bool,
    /// The types of the arguments and of the result, with no lifetimes of the method's own.
    arguments: Vec<TokenStream>,
    output: TokenStream,
    /// Whether the signature is mistaken, so that a call of the method would not compile either.
    pub(crate) is_broken: bool,
}

/// What is left of a `#[tool]` that the router has read. It stays on the method so that the
/// author's `use smcp_sdk::tool` is used.
const TAKEN: &str = "__taken";

/// Takes the attributes of this sort off the method; nothing when it has none.
pub(crate) fn take_attribute(method: &mut ImplItemFn, sort: Sort) -> Vec<Attribute> {
    let is_tool = |attribute: &Attribute| {
        attribute
            .path()
            .segments
            .last()
            .is_some_and(|segment| segment.ident == sort.name())
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
pub(crate) fn read(
    method: &ImplItemFn,
    tool: &[Attribute],
    sort: Sort,
    mistakes: &mut Mistakes,
) -> Tool {
    if let Some(second) = tool.get(1) {
        mistakes.at(
            second,
            format!("one `#[{sort}]` is enough: put all arguments into the first"),
        );
    }
    let arguments = tool.first().map_or_else(Vec::new, |tool| match &tool.meta {
        Meta::List(list) => attributes::parse(list.tokens.clone(), mistakes),
        Meta::Path(_) => Vec::new(),
        Meta::NameValue(pair) => {
            mistakes.at(pair, format!("write `#[{sort}]` or `#[{sort}(...)]`"));
            Vec::new()
        }
    });
    attributes::refuse_repeated(&arguments, mistakes);
    forbidden::report(method.block.to_token_stream(), mistakes);

    let signature = &method.sig;
    let mut tool = Tool {
        sort,
        name: signature.ident.unraw().to_string(),
        name_place: signature.ident.to_token_stream(),
        title: None,
        description: TokenStream::new(),
        hints: Hints::default(),
        task: None,
        uri: None,
        mime_type: None,
        icons: None,
        meta: None,
        marks: Marks::default(),
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
    if sort == Sort::Resource && !arguments.iter().any(|argument| argument.key == "uri") {
        mistakes.at(
            &signature.ident,
            "a resource has a URI: write `#[resource(uri = \"...\")]`",
        );
    }
    if tool.description.is_empty() {
        tool.description = describe(method, sort, mistakes);
    }
    let before = mistakes.count();
    check_signature(signature, sort, mistakes);
    tool.is_broken = mistakes.count() > before;
    tool.arguments = take_arguments(signature, sort, mistakes);
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
            "icons" => self.icons = argument.expr(mistakes),
            "meta" => self.meta = argument.expr(mistakes),
            "annotations" if self.sort == Sort::Tool => self.hints.take(argument, mistakes),
            "task" if self.sort == Sort::Tool => self.task = TaskSupport::read(argument, mistakes),
            "annotations" if self.sort == Sort::Resource => self.marks.take(argument, mistakes),
            "uri" if self.sort == Sort::Resource => self.uri = argument.text(mistakes),
            "mime_type" if self.sort == Sort::Resource => {
                self.mime_type = argument.expr(mistakes);
            }
            _ => argument.unknown(self.sort.arguments(), mistakes),
        }
    }

    /// The entry of the router: an expression of the type `ToolRoute<Self>`, or its like.
    pub(crate) fn entry(&self) -> TokenStream {
        let schemas = self.arguments.iter().map(|argument| {
            quote_spanned!(argument.span()=> <#argument as ::smcp_sdk::FromCall>::input_schema)
        });
        let schemas = quote!(&[#(#schemas),*]);
        match self.sort {
            Sort::Tool => self.tool_entry(&schemas),
            Sort::Prompt => self.prompt_entry(&schemas),
            Sort::Resource => self.resource_entry(&schemas),
        }
    }

    /// The call of the method, with its arguments from `call`.
    fn value(&self) -> TokenStream {
        let method = &self.method;
        let values = self.arguments.iter().map(|argument| {
            quote_spanned!(argument.span()=> <#argument as ::smcp_sdk::FromCall>::from_call(call)?)
        });
        let receiver = self.has_receiver.then(|| quote!(server,));
        let value = quote!(Self::#method(#receiver #(#values),*));
        if self.is_async {
            quote!(::smcp_sdk::__private::block_on(#value))
        } else {
            value
        }
    }

    /// What every sort may have, where it is not the default.
    fn extras(&self) -> TokenStream {
        let name = &self.name;
        let title = self
            .title
            .as_ref()
            .map(|title| quote!(of.title = ::core::option::Option::Some(::std::string::String::from(#title));));
        let icons = self
            .icons
            .as_ref()
            .map(|icons| quote!(of.icons = ::std::vec::Vec::from(#icons);));
        let meta = self.meta.as_ref().map(|meta| {
            quote!(of.meta = ::core::option::Option::Some(::smcp_sdk::__private::meta(#name, #meta));)
        });
        quote!(#title #icons #meta)
    }

    fn tool_entry(&self, schemas: &TokenStream) -> TokenStream {
        let Self {
            name,
            description,
            output,
            ..
        } = self;
        let (annotations, extras, value) = (self.hints.entry(), self.extras(), self.value());
        let task = self.task.map(TaskSupport::entry);
        let trait_of_output = quote_spanned! { output.span()=>
            <#output as ::smcp_sdk::IntoCallToolResult>
        };
        quote! {
            ::smcp_sdk::ToolRoute {
                name: #name,
                tool: || {
                    let schema = ::smcp_sdk::__private::input_schema(#schemas);
                    let mut of = ::smcp_sdk::Tool::new(#name, #description, schema);
                    of.output_schema = #trait_of_output::output_schema();
                    of.annotations = #annotations;
                    #task
                    #extras
                    of
                },
                call: |server, call| {
                    let _: &Self = server;
                    #trait_of_output::into_call_tool_result(#value)
                },
            }
        }
    }

    fn prompt_entry(&self, schemas: &TokenStream) -> TokenStream {
        let Self {
            name,
            description,
            output,
            ..
        } = self;
        let (extras, value) = (self.extras(), self.value());
        let trait_of_output = quote_spanned! { output.span()=>
            <#output as ::smcp_sdk::IntoGetPromptResult>
        };
        quote! {
            ::smcp_sdk::PromptRoute {
                name: #name,
                prompt: || {
                    let arguments = ::smcp_sdk::__private::prompt_arguments(#name, #schemas);
                    #[allow(unused_mut)]
                    let mut of = ::smcp_sdk::Prompt::new(#name, #description, arguments);
                    #extras
                    of
                },
                get: |server, call| {
                    let _: &Self = server;
                    #trait_of_output::into_get_prompt_result(#value)
                },
            }
        }
    }

    fn resource_entry(&self, schemas: &TokenStream) -> TokenStream {
        let Self {
            name,
            description,
            output,
            uri,
            ..
        } = self;
        let (extras, value, marks) = (self.extras(), self.value(), self.marks.entry());
        let mime_type = option(&self.mime_type);
        let trait_of_output = quote_spanned! { output.span()=>
            <#output as ::smcp_sdk::IntoReadResourceResult>
        };
        quote! {
            ::smcp_sdk::ResourceRoute {
                uri: #uri,
                mime_type: #mime_type,
                resource: || {
                    let mime_type: ::core::option::Option<&str> = #mime_type;
                    let mut of = ::smcp_sdk::Resource::new(#uri, #name).with_description(#description);
                    of.mime_type = mime_type.map(::std::string::String::from);
                    #marks
                    #extras
                    of
                },
                variables: || ::smcp_sdk::__private::input_schema(#schemas),
                read: |server, call, at| {
                    let _: &Self = server;
                    #trait_of_output::into_read_resource_result(#value, at)
                },
            }
        }
    }
}

fn check_name(tool: &Tool, mistakes: &mut Mistakes) {
    // A resource's name is for people to read: often that of a file.
    if tool.sort == Sort::Resource {
        return;
    }
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if !(1..=NAME_MAX_CHARACTERS).contains(&tool.name.chars().count())
        || !tool.name.chars().all(allowed)
    {
        let (name, sort) = (&tool.name, tool.sort);
        let message = format!(
            "`{name}` cannot be the name of a {sort}: write `#[{sort}(name = \"...\")]` with 1 to \
             {NAME_MAX_CHARACTERS} of the characters A-Z, a-z, 0-9, `_` and `-`"
        );
        mistakes.at(&tool.name_place, message);
    }
}

/// The doc comment, as the description.
fn describe(method: &ImplItemFn, sort: Sort, mistakes: &mut Mistakes) -> TokenStream {
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
            format!(
                "{} by its description: write a doc comment (`/// ...`) or \
                 `#[{sort}(description = \"...\")]`",
                sort.who_chooses()
            ),
        );
    }
    quote!(#text)
}

fn check_signature(signature: &syn::Signature, sort: Sort, mistakes: &mut Mistakes) {
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
                format!("a {sort} has one schema, so it cannot be generic: name the type"),
            );
        }
    }
    if let Safety::Unsafe(r#unsafe) = &signature.safety {
        mistakes.at(
            r#unsafe,
            format!("a client calls a {sort} with whatever it likes, so it cannot be `unsafe`"),
        );
    }
    if let ReturnType::Type(_, output) = &signature.output
        && let Type::ImplTrait(opaque) = &**output
    {
        mistakes.at(
            opaque,
            format!("name the type that the {sort} returns: the catalogue needs its schema"),
        );
    }
}

/// The types after the receiver.
fn take_arguments(
    signature: &syn::Signature,
    sort: Sort,
    mistakes: &mut Mistakes,
) -> Vec<TokenStream> {
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
                format!(
                    "a {sort} takes one object: put these fields into the struct of the first `Parameters`"
                ),
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
