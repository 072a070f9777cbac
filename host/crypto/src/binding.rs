//! What a sealed value or a MAC is bound to: an unambiguous encoding of a list of fields.

/// A list of fields as bytes, such that two different lists never have the same bytes: each field
/// is a tag, its length and its content. Serves as associated data and as the input of a MAC.
///
/// The first field names what the list is for, so that lists of two uses never meet.
///
/// ```
/// use smcp_crypto::Binding;
///
/// let row = Binding::new("record").text("acme").text("releases").number(7);
/// assert_ne!(row, Binding::new("record").text("acmere").text("leases").number(7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding(Vec<u8>);

const TEXT: u8 = 1;
const BYTES: u8 = 2;
const NUMBER: u8 = 3;

impl Binding {
    /// A list for one use, which `domain` names.
    pub fn new(domain: &str) -> Self {
        Self(Vec::with_capacity(128)).text(domain)
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.field(TEXT, text.as_bytes())
    }

    /// Adds bytes.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.field(BYTES, bytes)
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.field(NUMBER, &number.to_be_bytes())
    }

    /// The encoding: for each field its tag, its length as eight bytes, most significant first,
    /// and its content.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn field(mut self, tag: u8, content: &[u8]) -> Self {
        self.0.push(tag);
        self.0
            .extend_from_slice(&(content.len() as u64).to_be_bytes());
        self.0.extend_from_slice(content);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    enum Field {
        Text(String),
        Bytes(Vec<u8>),
        Number(u64),
    }

    fn list() -> impl Strategy<Value = Vec<Field>> {
        let field = prop_oneof![
            "[ab]{0,3}".prop_map(Field::Text),
            prop::collection::vec(0..4_u8, 0..10).prop_map(Field::Bytes),
            (0..3_u64).prop_map(Field::Number),
        ];
        prop::collection::vec(field, 0..4)
    }

    fn bind(fields: &[Field]) -> Binding {
        fields
            .iter()
            .fold(Binding::new("test"), |binding, field| match field {
                Field::Text(text) => binding.text(text),
                Field::Bytes(bytes) => binding.bytes(bytes),
                Field::Number(number) => binding.number(*number),
            })
    }

    proptest! {
        #[test]
        fn different_lists_have_different_bytes(left in list(), right in list()) {
            prop_assert_eq!(bind(&left) == bind(&right), left == right);
        }
    }

    #[test]
    fn a_text_is_not_the_bytes_it_consists_of() {
        assert_ne!(Binding::new("a").text("b"), Binding::new("a").bytes(b"b"));
        assert_ne!(
            Binding::new("a").bytes(&[0; 8]),
            Binding::new("a").number(0)
        );
    }
}
