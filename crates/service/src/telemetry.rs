//! Where a process writes what it does.
//!
//! The writer is a parameter, so a test can look for what must not be there. Nothing of ours ever hands a payload, a name
//! or a number of a person to a log; this file only decides the form.

use std::str::FromStr;

use serde::Deserialize;
use tracing::subscriber::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Format, Error> {
        match text {
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            _ => Err(Error::Format { text: text.to_owned() }),
        }
    }
}

/// Why nothing can be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `text` nor `json`.
    #[error("{text:?} is not a log format: text or json")]
    Format {
        /// What was given.
        text: String,
    },
    /// Not a filter.
    #[error("read the log filter {filter:?}")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// The process writes already.
    #[error("the log of this process has been started before")]
    StartedBefore,
}

/// Writes all that this process does, from now on, as far as `filter` lets through (`info`, `warn,orchestrator=debug`).
/// Once a process.
pub fn start<W>(filter: &str, format: Format, writer: W) -> Result<(), Error>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing::subscriber::set_global_default(subscriber(filter, format, writer)?).map_err(|_| Error::StartedBefore)
}

/// What [`start`] starts, for who wants it for one thread only, such as a test.
pub fn subscriber<W>(filter: &str, format: Format, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, Error>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let parsed = EnvFilter::builder().parse(filter);
    let filter = parsed.map_err(|source| Error::Filter { filter: filter.to_owned(), source })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false);
    Ok(match format {
        Format::Text => Box::new(lines.finish()),
        Format::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("utf-8")
        }
    }

    fn written(filter: &str, format: Format) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = subscriber(filter, format, move || writer.clone()).expect("a filter");
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(saga.id = 7, "saga ended");
            tracing::debug!("not asked for");
        });
        sink.text()
    }

    /// If this fails, an operator's collector cannot read our lines, or a filter lets everything through.
    #[test]
    fn lines_have_the_form_and_the_filter_that_were_chosen() {
        let text = written("info", Format::Text);
        assert!(text.contains("saga ended") && text.contains("saga.id=7") && !text.contains("not asked for"), "{text}");
        let json = written("info", Format::Json);
        assert!(json.starts_with('{') && json.contains("\"saga.id\":7"), "{json}");
        assert_eq!(json.lines().count(), 1);
        assert_eq!(written("off", Format::Text), "");
    }

    /// If this fails, a mistyped filter silences the log.
    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        assert!(matches!(subscriber("info,=[", Format::Text, io::sink), Err(Error::Filter { .. })));
        assert!("xml".parse::<Format>().is_err());
    }
}
