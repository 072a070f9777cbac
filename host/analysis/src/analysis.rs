//! The analysis of one release, in steps.

use serde_json::Value;
use smcp_ids::{Digest, PublisherKey, ReleaseDigest, limits};
use smcp_package::{AdmittedModule, Asks, CallLimits, Contents, Manifest, PackageError};

use crate::abilities::{Ability, NEVER};
use crate::code::Code;
use crate::finding::Findings;
use crate::names::{self, Names};
use crate::phrases::Phrases;
use crate::report::{FORMAT, Facts, Report, SdkFact};
use crate::texts::{self, Text};
use crate::{alike, annotations, drift, invisible, markup, secrets};

/// The release that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its name.
    pub release: ReleaseDigest,
    /// What its publisher says about it.
    pub manifest: &'a Manifest,
    /// Its bytes, the whole package.
    pub module: &'a [u8],
    /// The trusted publishers who signed it.
    pub signers: &'a [PublisherKey],
    /// What its calls may use.
    pub limits: CallLimits,
}

impl<'a> From<&'a AdmittedModule> for Subject<'a> {
    fn from(admitted: &'a AdmittedModule) -> Self {
        Self {
            release: admitted.release(),
            manifest: admitted.manifest(),
            module: admitted.bytes(),
            signers: admitted.signers(),
            limits: admitted.limits(),
        }
    }
}

/// What the release is held against.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The name under which it is published; its own where it is not.
    pub server: Option<String>,
    /// The tenant's other servers.
    pub neighbours: Vec<Neighbour>,
    /// The release that answers now, unless it is this one.
    pub live: Option<Live>,
}

/// Another server of the tenant.
#[derive(Clone, Debug, Default)]
pub struct Neighbour {
    /// Its name.
    pub server: String,
    /// The names of its tools.
    pub tools: Vec<String>,
}

/// The release that answers now.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Its version.
    pub version: String,
    /// What its `describe` returned.
    pub catalogue: String,
    /// The interfaces that its module imports.
    pub interfaces: Vec<String>,
    /// What it asks for.
    pub asks: Asks,
    /// Who signed it.
    pub signers: Vec<PublisherKey>,
}

/// How much more work a byte of a text is than one of data.
const TEXT_WORK: usize = 32;
/// What holding one name against all others counts for.
const NAME_WORK: usize = 4_096;

/// An analysis under way.
#[derive(Debug)]
pub struct Analysis<'a> {
    subject: Subject<'a>,
    context: Context,
    contents: Contents<'a>,
    tools: Vec<String>,
    names: Names,
    texts: Vec<Text>,
    phrases: Phrases,
    findings: Findings,
    /// The next tool whose name is looked at.
    tool: usize,
    /// The next text.
    text: usize,
    /// The next data segment, and how far it was looked at.
    data: (usize, usize),
}

impl<'a> Analysis<'a> {
    /// Takes the release apart, and looks at what is quickly seen. `is_bad` says which digests are known to be bad.
    ///
    /// # Errors
    /// [`PackageError`] if the module cannot be read; an admitted one can.
    pub fn new(
        subject: Subject<'a>,
        context: Context,
        is_bad: impl Fn(&Digest) -> bool,
    ) -> Result<Self, PackageError> {
        let contents = Contents::read(subject.module)?;
        // A catalogue that is none is refused elsewhere; what there is of it is looked at.
        let catalogue: Value =
            serde_json::from_str(subject.manifest.catalogue()).unwrap_or_default();
        let items = catalogue.get("tools").and_then(Value::as_array);
        let items = items.map_or(&[][..], Vec::as_slice);
        let tools: Vec<String> = items
            .iter()
            .map(|item| texts::key(item).to_owned())
            .collect();
        let mut findings = Findings::default();
        for (digest, what) in [
            (subject.release, "the release"),
            (contents.code, "its code"),
        ] {
            if is_bad(&digest) {
                findings.add(
                    Code::KnownBad,
                    "module",
                    format!("{what}, {digest}, is on the list"),
                );
            }
        }
        let name = subject.manifest.name().as_str();
        let name = context.server.as_deref().unwrap_or(name);
        names::look_at_server(name, &context.neighbours, &mut findings);
        annotations::look(
            items,
            &contents.imports,
            subject.manifest.asks(),
            &mut findings,
        );
        if let Some(live) = &context.live {
            drift::look(&subject, &catalogue, live, &mut findings);
        }
        Ok(Self {
            texts: texts::of(subject.manifest, &catalogue),
            names: Names::of(&context.neighbours),
            phrases: Phrases::load(),
            subject,
            context,
            contents,
            tools,
            findings,
            tool: 0,
            text: 0,
            data: (0, 0),
        })
    }

    /// Looks at names, texts and data until their bytes, as far as they are work, come to `budget`: one thing at least.
    /// `false` when nothing is left.
    pub fn step(&mut self, budget: usize) -> bool {
        let mut looked = 0;
        while looked < budget.max(1) {
            let one = self.name().or_else(|| self.text()).or_else(|| self.data());
            match one {
                Some(work) => looked += work.max(1),
                None => return false,
            }
        }
        true
    }

    /// Looks at the name of a tool.
    fn name(&mut self) -> Option<usize> {
        let tool = self.tools.get(self.tool)?;
        self.tool += 1;
        self.names.look(tool, &mut self.findings);
        Some(NAME_WORK)
    }

    /// Looks at a text.
    fn text(&mut self) -> Option<usize> {
        let text = self.texts.get(self.text)?;
        self.text += 1;
        let findings = &mut self.findings;
        invisible::look(text, findings);
        alike::look(text, findings);
        markup::look(text, findings);
        self.phrases.look(text, findings);
        self.names.mentioned(text, &self.tools, findings);
        let bytes = text.content.as_bytes();
        for secret in secrets::find(bytes, bytes.len()) {
            findings.add(Code::SecretInModule, &text.place, secret.says);
        }
        Some(bytes.len() * TEXT_WORK)
    }

    /// Looks at a stretch of a data segment.
    fn data(&mut self) -> Option<usize> {
        let (segment, from) = self.data;
        let bytes = self.contents.data.get(segment)?;
        let rest = bytes.get(from..).unwrap_or_default();
        for secret in secrets::find(rest, limits::SECRETS_STRIDE) {
            let says = format!("{}, {} bytes into it", secret.says, from + secret.at);
            let place = format!("data/{segment}");
            self.findings.add(Code::SecretInModule, &place, says);
        }
        self.data = if rest.len() > limits::SECRETS_STRIDE {
            (segment, from + limits::SECRETS_STRIDE)
        } else {
            (segment + 1, 0)
        };
        Some(rest.len().min(limits::SECRETS_STRIDE))
    }

    /// Adds what others have found.
    pub fn add(&mut self, code: Code, place: &str, says: impl Into<String>) {
        self.findings.add(code, place, says);
    }

    /// The report. Of an analysis that was not stepped to its end it says less.
    pub fn finish(self) -> Report {
        let Self {
            subject,
            context,
            contents,
            tools,
            findings,
            ..
        } = self;
        let (can, cannot) = Ability::split(&contents.imports);
        let made_with = contents
            .producers
            .into_iter()
            .map(|(role, name, version)| SdkFact {
                role,
                name,
                version,
            });
        let (findings, left_out) = findings.sorted();
        Report {
            format: FORMAT,
            release: subject.release.to_string(),
            name: subject.manifest.name().to_string(),
            version: subject.manifest.version().to_owned(),
            worst: findings.iter().map(|finding| finding.level).max(),
            facts: Facts {
                signers: subject.signers.iter().map(ToString::to_string).collect(),
                made_with: made_with.collect(),
                bytes: subject.module.len(),
                functions: contents.functions,
                largest_function: contents.largest_function,
                memory: contents.memory,
                data: contents.data.iter().map(|data| data.len()).sum(),
                code: contents.code.to_string(),
                limits: subject.limits,
                can,
                cannot,
                never: &NEVER,
                asks: subject.manifest.asks().clone(),
                tools,
                compared_with: context.live.map(|live| live.version),
                neighbours: context.neighbours.len(),
            },
            findings,
            left_out,
        }
    }

    /// All steps at once, for callers who need not yield.
    pub fn run(mut self) -> Self {
        while self.step(usize::MAX) {}
        self
    }
}
