//! Tools that show each sort of content, and the ways a call can go: it fails, it says how far it
//! is, it writes a log, it takes long, it announces a change.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use smcp_sdk::{
    Content, Context, LoggingLevel, Parameters, ResourceContents, base64, tool, tool_router,
};

use crate::Everything;

/// One red pixel, as a PNG.
pub(crate) const RED_PIXEL: &[u8] = include_bytes!("red-pixel.png");
/// A few samples of silence, as a WAV file.
const SILENCE: &[u8] = include_bytes!("silence.wav");
/// Longer than anyone waits for nothing, and within the deadline of a call.
const LONG: Duration = Duration::from_secs(25);
/// Longer than the suite reads a stream, and less than the time that it gives to the one after it.
const RECONNECTING: Duration = Duration::from_secs(12);
/// Between two notifications, so that they are seen one by one.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Counting {
    /// The last number.
    to: u16,
    /// How long before each.
    pause_millis: u16,
}

/// The pixel as a block of content.
pub(crate) fn image() -> Content {
    Content::image(base64(RED_PIXEL), "image/png")
}

#[tool_router(router = contents, vis = "pub(crate)")]
impl Everything {
    /// Answers a text.
    #[tool]
    fn test_simple_text(&self) -> &'static str {
        "This is a simple text response for testing."
    }

    /// Answers an image.
    #[tool]
    fn test_image_content(&self) -> Content {
        image()
    }

    /// Answers audio.
    #[tool]
    fn test_audio_content(&self) -> Content {
        Content::audio(base64(SILENCE), "audio/wav")
    }

    /// Answers a resource with its contents.
    #[tool]
    fn test_embedded_resource(&self) -> Content {
        let text = "This is an embedded resource content.";
        let contents = ResourceContents::text("test://embedded-resource", text);
        Content::resource(contents.with_mime_type("text/plain"))
    }

    /// Answers a text, an image and a resource.
    #[tool]
    fn test_multiple_content_types(&self) -> Vec<Content> {
        let json = r#"{"test":"data","value":123}"#;
        let contents = ResourceContents::text("test://mixed-content-resource", json);
        vec![
            Content::text("Multiple content types test:"),
            image(),
            Content::resource(contents.with_mime_type("application/json")),
        ]
    }

    /// Always fails.
    #[tool]
    fn test_error_handling(&self) -> Result<(), &'static str> {
        Err("This tool intentionally returns an error for testing")
    }

    /// Says three times how far it is.
    #[tool]
    fn test_tool_with_progress(&self, ctx: &Context) -> &'static str {
        ctx.progress(0.0, Some(100.0), None);
        ctx.sleep(PAUSE);
        ctx.progress(50.0, Some(100.0), None);
        ctx.sleep(PAUSE);
        ctx.progress(100.0, Some(100.0), None);
        "The tool reported its progress."
    }

    /// Writes three entries to the log.
    #[tool]
    fn test_tool_with_logging(&self, ctx: &Context) -> &'static str {
        ctx.log(LoggingLevel::Info, "Tool execution started");
        ctx.sleep(PAUSE);
        ctx.log(LoggingLevel::Info, "Tool processing data");
        ctx.sleep(PAUSE);
        ctx.log(LoggingLevel::Info, "Tool execution completed");
        "The tool wrote to the log."
    }

    /// Writes to the log, which only clients that asked for it are sent.
    #[tool]
    fn test_logging_tool(&self, ctx: &Context) -> &'static str {
        ctx.log(LoggingLevel::Info, "Nobody may have asked for this.");
        "The tool wrote to the log."
    }

    /// Says that it has begun, and then takes long.
    #[tool]
    fn test_long_call(&self, ctx: &Context) -> &'static str {
        ctx.progress(0.0, None, None);
        ctx.sleep(LONG);
        "At last."
    }

    /// Takes so long that a client which asked for it may lose the stream, and come back for the rest.
    #[tool]
    fn test_reconnection(&self, ctx: &Context) -> &'static str {
        ctx.sleep(RECONNECTING);
        "Whoever came back has this too."
    }

    /// Counts, with a pause before each number and after the last, and says each as its progress.
    #[tool]
    fn test_counting(
        &self,
        Parameters(Counting { to, pause_millis }): Parameters<Counting>,
        ctx: &Context,
    ) -> String {
        let pause = Duration::from_millis(pause_millis.into());
        for count in 1..=to {
            ctx.sleep(pause);
            ctx.progress(count.into(), Some(to.into()), None);
        }
        // Some clients have no ear for the last number when the result comes with it.
        ctx.sleep(pause);
        format!("Counted to {to}.")
    }

    /// Tells those who subscribed to the static text that it is another, which it is not.
    #[tool]
    fn test_resource_update(&self, ctx: &Context) -> &'static str {
        ctx.notify_resource_updated("test://static-text");
        "The subscribers were told."
    }
}
