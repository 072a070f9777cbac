//! What reaches the author's log by itself: the macros of the `log` crate, and panics.
//!
//! `println!` does not: this target has no standard output, and nothing can be put in its place.

use log::{LevelFilter, Log, Metadata, Record};

use crate::context::LoggingLevel;

/// Sends the records of the `log` crate to the log of the current call.
struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            log::Level::Error => LoggingLevel::Error,
            log::Level::Warn => LoggingLevel::Warning,
            log::Level::Info => LoggingLevel::Info,
            log::Level::Debug | log::Level::Trace => LoggingLevel::Debug,
        };
        with_context(|context| context.log_as(level, record.target(), record.args().to_string()));
    }

    fn flush(&self) {}
}

/// Puts logger and panic hook in place; again does nothing. An author's own logger stays.
/// `trace!` is left out: a few chatty crates would fill the 64 KiB that a call may log.
pub(crate) fn install() {
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(LevelFilter::Debug);
        #[cfg(target_arch = "wasm32")]
        std::panic::set_hook(Box::new(|panic| {
            with_context(|context| {
                context.log_as(LoggingLevel::Error, "panic", panic.to_string());
            });
        }));
    }
}

#[cfg(target_arch = "wasm32")]
fn with_context(write: impl FnOnce(&crate::Context)) {
    write(&crate::Context::new(crate::boundary::Guest));
}

/// In tests, the call that runs on this thread, if one does.
#[cfg(not(target_arch = "wasm32"))]
fn with_context(write: impl FnOnce(&crate::Context)) {
    crate::testing::with_current(write);
}
