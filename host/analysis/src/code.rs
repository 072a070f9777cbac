//! What can be found: one table, with how bad each is and what to do about it.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing. Honest releases have some.
    Info,
    /// To be looked at by a person. Honest releases have one now and then.
    Warning,
    /// No honest release is known to have a use for it.
    Danger,
}

/// Makes the type of codes and what is said of each. A line is `Name "code" Level "what to do"`.
macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident $code:literal $level:ident $advice:literal;)+) => {
        /// What a finding is of: its name does not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])+ #[serde(rename = $code)] $name,)+
        }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name in reports and policies.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// How bad it is.
            pub const fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)+ }
            }

            /// What to do about it.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)+ }
            }
        }
    };
}

codes! {
    /// Its digest, or that of its code, is one that is known to be bad.
    KnownBad "known_bad" Danger
        "do not publish it; find out how it came to you, and whether other servers have it";
    /// The module carries what looks like a key, token or password.
    SecretInModule "secret_in_module" Danger
        "revoke that secret, since whoever has the file has it; have the server name a secret of its admin's instead";
    /// Characters that nobody sees, enough of them or of a kind to carry a text.
    HiddenText "hidden_text" Danger
        "take those characters out; a model reads what no person sees";
    /// A character that shows what follows in another order than it is read.
    BidiOverride "bidi_override" Danger
        "take the character out; no language needs it";
    /// A control sequence of terminals.
    TerminalEscape "terminal_escape" Danger
        "take the character out; it can hide or rewrite what a terminal shows";
    /// A comment, or an element that is not shown.
    HiddenMarkup "hidden_markup" Danger
        "say it where people see it, or leave it out; inside backticks it is seen";
    /// It tells the model to disregard what it was told before.
    InstructionOverride "instruction_override" Danger
        "describe what the tool does, not what the model is to do about its other instructions";
    /// It tells the model to keep something from its user.
    InstructionSecrecy "instruction_secrecy" Danger
        "take it out; a tool has nothing to hide from the user";
    /// It is dressed as a message of the system, or as another turn of the conversation.
    InstructionMarkup "instruction_markup" Danger
        "take out the tags; a description is read as one without them";
    /// It names where people keep their keys and settings.
    SensitivePath "sensitive_path" Danger
        "take it out; a hosted server reads no files, so only the model could be meant";
    /// It tells the model to act without asking its user.
    InstructionConsent "instruction_consent" Warning
        "take it out; whether a user is asked is the client's to decide, and annotations help it";
    /// It says which tool is to be used before others, or instead of them.
    InstructionOrder "instruction_order" Warning
        "say what the tool is for, and let the model choose";
    /// It asks for the conversation, or for what the model was told.
    ConversationWanted "conversation_wanted" Warning
        "ask for what the tool needs, and no more";
    /// It names a tool of another server.
    MentionsOtherTool "mentions_other_tool" Warning
        "read what it says about that tool; a server need not know what others there are";
    /// Invisible characters, few of them.
    InvisibleCharacter "invisible_character" Warning
        "take it out, unless its language needs it there";
    /// A character that turns the direction of what follows.
    BidiControl "bidi_control" Warning
        "take it out, unless texts of two directions need it there";
    /// A control character.
    ControlCharacter "control_character" Warning
        "take it out; of control characters a text needs line breaks and tabs";
    /// A word that is written with other letters than it seems to be.
    LookAlikeLetters "look_alike_letters" Warning
        "write it with the letters that it seems to have";
    /// An image from elsewhere.
    RemoteImage "remote_image" Warning
        "leave it out; whoever shows it tells its host who reads";
    /// A long run of characters that nobody can read.
    EncodedText "encoded_text" Warning
        "say it in words, or leave it out";
    /// A text of a length that nobody reads.
    LongText "long_text" Warning
        "say it in fewer words; what is read once by people is read by the model in every conversation";
    /// Space enough to push what follows out of sight.
    PaddedText "padded_text" Warning
        "take out the space, and read what follows it";
    /// A tool of another server of the tenant has the same name.
    ShadowsTool "shadows_tool" Warning
        "make sure that it is meant; a client with both servers may call the wrong one";
    /// A tool of another server of the tenant has a name that looks the same.
    ResemblesTool "resembles_tool" Warning
        "give it a name of its own; the two will be taken for each other";
    /// Another server of the tenant has a name that looks the same.
    ResemblesServer "resembles_server" Warning
        "give it a name of its own; the two will be taken for each other";
    /// All tools say that they do not do what the module can only do through them.
    AnnotationContradicts "annotation_contradicts" Warning
        "correct the annotations, or build the server without what it does not use";
    /// Another publisher signed it than the live release.
    PublisherChanged "publisher_changed" Warning
        "make sure that the server has changed hands";
    /// It can do what the live release cannot.
    NewCapability "new_capability" Warning
        "make sure that the new version needs it";
    /// It asks for hosts or secrets that the live release does not ask for.
    NewReach "new_reach" Warning
        "make sure that the new version needs them, before you grant them";
    /// A text that models read is another than in the live release.
    TextChanged "text_changed" Warning
        "read the new text; clients that asked their user about the old one may not ask again";
    /// A tool is annotated otherwise than in the live release.
    AnnotationsChanged "annotations_changed" Warning
        "make sure that the tool has changed; clients decide by it what they ask their user";
    /// A tool, prompt or resource of the live release is gone.
    ItemRemoved "item_removed" Warning
        "make sure that nobody needs it";
    /// It used up its fuel on made-up arguments, and asked its host for nothing.
    NeverEnds "never_ends" Warning
        "try the tool with the arguments that are shown; if it must compute for so long, say so in its description";
    /// A tool, prompt or resource that the live release does not have.
    ItemAdded "item_added" Info
        "read what it says of itself";
    /// A tool takes or gives other things than in the live release.
    SchemaChanged "schema_changed" Info
        "look whether who calls it now still can";
    /// A tool says that it does not do what the module can do, and another tool may account for it.
    AnnotationUnproven "annotation_unproven" Info
        "nothing, if you trust its publisher; clients ask their user less because of it";
    /// It fails on made-up arguments that are as its schema wants them.
    FailsOnProbe "fails_on_probe" Info
        "try the tool with the arguments that are shown";
    /// No arguments could be made up for it, or there was no fuel left for that.
    NotProbed "not_probed" Info
        "nothing; it was not found out whether the tool ends";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_the_order_of_their_levels_and_each_is_there_once() {
        let levels: Vec<_> = Code::ALL.iter().map(|code| code.level()).collect();
        assert!(levels.is_sorted_by(|one, other| one >= other));
        let names: std::collections::BTreeSet<_> =
            Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
