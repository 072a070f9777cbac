//! What a rule of the network layer says of a request: the part of the platform's rules language that ours are written
//! in, evaluated.
//!
//! The platform's engine cannot be had here but for its parser, which has the last word on what an expression is:
//! [`Rule::uses`] is held against what that read, so nothing is overlooked or understood otherwise in form. It panics on
//! what it does not know: it reads files of this repository only.

use std::collections::BTreeSet;

/// A request as the network layer sees it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The host's name.
    pub host: String,
    /// The path, without a query.
    pub path: String,
    /// The query, without its question mark.
    pub query: String,
    /// Headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// Whether its address is on the list that is asked for.
    pub is_listed: bool,
}

/// An expression.
#[derive(Debug)]
pub struct Rule {
    root: Node,
    uses: BTreeSet<String>,
}

#[derive(Debug)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    /// A value that is true or not.
    Is(Term),
    Compare(Term, String, Term),
    In(Term, Vec<Term>),
    /// Whether the address is on a list.
    Listed,
}

#[derive(Debug)]
enum Term {
    Text(String),
    Number(usize),
    Field(String),
    Header(String),
    Call(String, Vec<Term>),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text(String),
    Number(usize),
    Flag(bool),
}

impl Rule {
    /// Reads an expression.
    ///
    /// # Panics
    ///
    /// If it is none, or has what none of ours has.
    pub fn new(text: &str) -> Self {
        let mut reader = Reader {
            tokens: tokens(text),
            at: 0,
            uses: BTreeSet::new(),
        };
        let root = reader.any();
        assert_eq!(reader.at, reader.tokens.len(), "more in {text}");
        Self {
            root,
            uses: reader.uses,
        }
    }

    /// Whether it is true of a request.
    pub fn holds(&self, request: &Request) -> bool {
        self.root.holds(request)
    }

    /// Fields, functions, operators and literals, as the platform's parser lists them: a kind and a word.
    pub fn uses(&self) -> &BTreeSet<String> {
        &self.uses
    }
}

impl Node {
    fn holds(&self, request: &Request) -> bool {
        match self {
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(request)),
            Self::All(nodes) => nodes.iter().all(|node| node.holds(request)),
            Self::Not(node) => !node.holds(request),
            Self::Is(term) => term.value(request) == Some(Value::Flag(true)),
            Self::Compare(left, operator, right) => {
                let (left, right) = (left.value(request), right.value(request));
                // What is not there is neither more nor less than anything.
                let (Some(left), Some(right)) = (left, right) else {
                    return false;
                };
                match operator.as_str() {
                    "eq" => left == right,
                    "gt" => left > right,
                    "contains" => left.text().contains(right.text()),
                    other => unreachable!("the operator {other}"),
                }
            }
            Self::In(term, set) => {
                let value = term.value(request);
                value.is_some() && set.iter().any(|one| one.value(request) == value)
            }
            Self::Listed => request.is_listed,
        }
    }
}

impl Value {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => unreachable!("{other:?} is no text"),
        }
    }
}

impl Term {
    /// None if the request does not have it.
    fn value(&self, request: &Request) -> Option<Value> {
        Some(match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(*number),
            Self::Header(name) => {
                let found = request.headers.iter().find(|(other, _)| other == name)?;
                Value::Text(found.1.clone())
            }
            Self::Field(name) => Value::Text(
                match name.as_str() {
                    "http.host" => &request.host,
                    "http.request.method" => &request.method,
                    "http.request.uri.path" => &request.path,
                    "http.request.uri.query" => &request.query,
                    other => unreachable!("the field {other}"),
                }
                .clone(),
            ),
            Self::Call(function, arguments) => {
                let values: Option<Vec<Value>> =
                    arguments.iter().map(|term| term.value(request)).collect();
                match (function.as_str(), values?.as_slice()) {
                    ("lower", [text]) => Value::Text(text.text().to_lowercase()),
                    ("len", [text]) => Value::Number(text.text().len()),
                    ("starts_with", [text, start]) => {
                        Value::Flag(text.text().starts_with(start.text()))
                    }
                    ("ends_with", [text, end]) => Value::Flag(text.text().ends_with(end.text())),
                    (other, values) => unreachable!("{other} of {values:?}"),
                }
            }
        })
    }
}

/// Words, texts with their quotes, and signs.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let end = rest.get(1..).and_then(|inner| inner.find('"'));
                end.map_or_else(|| unreachable!("an open text in {text}"), |end| end + 2)
            }
            '(' | ')' | '{' | '}' | '[' | ']' | ',' => 1,
            _ => {
                let ends = |c: char| c.is_whitespace() || "(){}[],\"".contains(c);
                rest.find(ends).unwrap_or(rest.len())
            }
        };
        let (token, after) = rest.split_at(length);
        found.push(token.to_owned());
        rest = after.trim_start();
    }
    found
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
    uses: BTreeSet<String>,
}

impl Reader {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let token = self.peek().to_owned();
        assert!(!token.is_empty(), "the expression ends too early");
        self.at += 1;
        token
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_there = self.peek() == token;
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, token: &str) {
        assert!(self.takes(token), "{token} is not {}", self.peek());
    }

    fn uses(&mut self, kind: &str, word: &str) {
        self.uses.insert(format!("{kind} {word}"));
    }

    fn any(&mut self) -> Node {
        self.chain("or", Self::all, Node::Any)
    }

    fn all(&mut self) -> Node {
        self.chain("and", Self::one, Node::All)
    }

    fn chain(
        &mut self,
        operator: &str,
        read: fn(&mut Self) -> Node,
        make: fn(Vec<Node>) -> Node,
    ) -> Node {
        let mut nodes = vec![read(self)];
        while self.takes(operator) {
            self.uses("operators", operator);
            nodes.push(read(self));
        }
        make(nodes)
    }

    fn one(&mut self) -> Node {
        if self.takes("not") {
            self.uses("operators", "not");
            return Node::Not(Box::new(self.one()));
        }
        if self.takes("(") {
            let node = self.any();
            self.expect(")");
            return node;
        }
        let left = self.term();
        let operator = self.peek().to_owned();
        if !matches!(operator.as_str(), "eq" | "gt" | "contains" | "in") {
            return Node::Is(left);
        }
        self.at += 1;
        self.uses("operators", &operator);
        if operator != "in" {
            return Node::Compare(left, operator, self.term());
        }
        if self.peek().starts_with('$') {
            self.at += 1;
            return Node::Listed;
        }
        self.expect("{");
        let mut set = Vec::new();
        while !self.takes("}") {
            set.push(self.term());
        }
        Node::In(left, set)
    }

    fn term(&mut self) -> Term {
        let token = self.next();
        if let Some(text) = token.strip_prefix('"') {
            let text = text.trim_end_matches('"');
            self.uses("string_literals", text);
            return Term::Text(text.to_owned());
        }
        if let Ok(number) = token.parse() {
            self.uses("int_literals", &token);
            return Term::Number(number);
        }
        if self.takes("(") {
            self.uses("functions", &token);
            let mut arguments = Vec::new();
            while !self.takes(")") {
                arguments.push(self.term());
                self.takes(",");
            }
            return Term::Call(token, arguments);
        }
        self.uses("fields", &token);
        if token != "http.request.headers" {
            return Term::Field(token);
        }
        self.expect("[");
        let name = self.next();
        for sign in ["]", "[", "0", "]"] {
            self.expect(sign);
        }
        Term::Header(name.trim_matches('"').to_owned())
    }
}
