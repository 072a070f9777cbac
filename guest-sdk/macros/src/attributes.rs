//! Parses the arguments of the attributes: `key`, `key = value`, `key(...)`, separated by commas.
//!
//! Parsing keeps what it does not know, so that one unknown key does not hide other mistakes.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Token, parenthesized};

use crate::mistakes::Mistakes;

/// One argument.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    Flag,
    Expr(Expr),
    List(Vec<Argument>),
}

type Arguments = Punctuated<Argument, Token![,]>;

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Expr(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let inner;
            parenthesized!(inner in input);
            Value::List(
                inner
                    .parse_terminated(Self::parse, Token![,])?
                    .into_iter()
                    .collect(),
            )
        } else {
            Value::Flag
        };
        Ok(Self { key, value })
    }
}

/// Parses the tokens between an attribute's parentheses.
pub(crate) fn parse(tokens: proc_macro2::TokenStream, mistakes: &mut Mistakes) -> Vec<Argument> {
    let arguments = mistakes.ok(Arguments::parse_terminated.parse2(tokens));
    arguments.into_iter().flatten().collect()
}

impl Argument {
    /// A string literal that is not empty.
    pub(crate) fn text(&self, mistakes: &mut Mistakes) -> Option<LitStr> {
        match &self.value {
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) if !is_blank(text) => Some(text.clone()),
            _ => {
                let key = &self.key;
                mistakes.at(key, format!("`{key}` takes a text: `{key} = \"...\"`"));
                None
            }
        }
    }

    /// An expression; a string literal must not be empty.
    pub(crate) fn expr(&self, mistakes: &mut Mistakes) -> Option<Expr> {
        match &self.value {
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) if is_blank(text) => {
                self.text(mistakes);
                None
            }
            Value::Expr(expr) => Some(expr.clone()),
            Value::Flag | Value::List(_) => {
                let key = &self.key;
                mistakes.at(key, format!("`{key}` takes a value: `{key} = ...`"));
                None
            }
        }
    }

    /// `key` alone, `key = true` or `key = false`.
    pub(crate) fn flag(&self, mistakes: &mut Mistakes) -> Option<bool> {
        match &self.value {
            Value::Flag => Some(true),
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Bool(flag),
                ..
            })) => Some(flag.value),
            Value::Expr(_) | Value::List(_) => {
                let key = &self.key;
                mistakes.at(
                    key,
                    format!("`{key}` is a hint: write `{key}` or `{key} = false`"),
                );
                None
            }
        }
    }

    pub(crate) fn unknown(&self, known: &str, mistakes: &mut Mistakes) {
        let key = &self.key;
        mistakes.at(
            key,
            format!("there is no argument `{key}` here; there is {known}"),
        );
    }
}

/// Reports each key that is given more than once.
pub(crate) fn refuse_repeated(arguments: &[Argument], mistakes: &mut Mistakes) {
    for (index, argument) in arguments.iter().enumerate() {
        let key = &argument.key;
        if arguments
            .iter()
            .take(index)
            .any(|earlier| earlier.key == *key)
        {
            mistakes.at(key, format!("`{key}` is given twice: leave one"));
        }
    }
}

fn is_blank(text: &LitStr) -> bool {
    text.value().trim().is_empty()
}
