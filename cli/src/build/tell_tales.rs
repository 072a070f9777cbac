//! Parts of the standard library that compile for the sandbox's target and then do nothing there,
//! or panic: the clock, threads, files, sockets, processes, printing.
//!
//! Each leaves a message in the module's data when it is used, and only then: optimising compilers
//! remove the message with the code. It is a hint for the author, and nothing depends on it.

/// A message of the standard library, and what to tell the author who finds it in their server.
struct TellTale {
    message: &'static str,
    warning: &'static str,
    /// Another whose use leaves this message too: then there is nothing more to say.
    unless: Option<&'static str>,
}

const THREAD: &str = "failed to spawn thread";

/// As of Rust 1.95. A test compiles each of them.
const TELL_TALES: [TellTale; 5] = [
    TellTale {
        message: "time not implemented on this platform",
        warning: "the server uses std::time (SystemTime::now or Instant::now), which panics in \
                  the sandbox: use the `now` of its Context",
        unless: None,
    },
    TellTale {
        message: THREAD,
        warning: "the server uses std::thread, which panics in the sandbox: there is one thread; \
                  calls run in parallel in instances of their own",
        unless: None,
    },
    TellTale {
        // The file whose `sleep` panics: its message, "can't sleep", could be the server's own.
        message: "sys/thread/unsupported.rs",
        warning: "the server uses std::thread::sleep, which panics in the sandbox: use the `sleep` \
                  of its Context",
        unless: None,
    },
    TellTale {
        message: "operation not supported on this platform",
        warning: "the server uses files, sockets or processes of std (std::fs, std::net, \
                  std::process), which fail in the sandbox: embed files with include_bytes!; \
                  there is no network",
        unless: Some(THREAD),
    },
    TellTale {
        message: "failed printing to",
        warning: "the server prints (println!, eprintln!), which nobody sees in the sandbox: use \
                  the `log` macros or the `log` of its Context",
        unless: None,
    },
];

/// What to tell the author about a module as the compiler wrote it.
pub(super) fn find(module: &[u8]) -> Vec<&'static str> {
    let has = |message: &str| {
        module
            .windows(message.len())
            .any(|window| window == message.as_bytes())
    };
    let found = TELL_TALES
        .iter()
        .filter(|it| has(it.message) && !it.unless.is_some_and(has));
    found.map(|it| it.warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_told_once() {
        let cases: [(&[u8], usize); 5] = [
            (b"", 0),
            (b"time implemented on this platform", 0),
            (b"..time not implemented on this platform/rustc/..", 1),
            (
                b"failed to spawn thread operation not supported on this platform",
                1,
            ),
            (
                b"operation not supported on this platform, failed printing to stdout",
                2,
            ),
        ];
        for (module, warnings) in cases {
            assert_eq!(
                find(module).len(),
                warnings,
                "{}",
                String::from_utf8_lossy(module)
            );
        }
    }
}
