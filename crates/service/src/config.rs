//! What a process is configured with: a default file that documents every setting, the operator's file over it, the
//! environment over both.
//!
//! The default file is part of the program and is the list of what can be set: a key that it does not have is refused,
//! with the file and line where it stands, and so is a value of another kind than the default's. A table that is empty
//! there is open: its keys are someone else's to define, as librdkafka's properties are, and its values are strings.
//!
//! Errors name keys and places, never the value of an open table, which may be a password.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use crate::error_code::{CONFIGURATION, ErrorCode};

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{CONFIGURATION} 无法读取配置文件 {} / cannot read the configuration {}", .path.display(), .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// One or more mistakes, all of them.
    #[error(
        "{CONFIGURATION} 配置有误,未启动 / the configuration has mistakes, nothing was started; see {}\n{}",
        CONFIGURATION.page(), .mistakes.join("\n")
    )]
    Mistakes {
        /// Each with the place where it stands: `FILE:LINE: …` or the name of a variable.
        mistakes: Vec<String>,
    },
}

impl Error {
    /// `YJ-0104`.
    pub fn code(&self) -> ErrorCode {
        CONFIGURATION
    }
}

/// Reads `default_toml`, `file` over it if one is given, and over both the variables of this process's environment that
/// are named `<env_prefix>_SECTION__KEY`. Tells all mistakes of a file or of the environment at once.
///
/// In a variable's name `__` parts the levels; letters are small and large alike, and `_` stands for `-`, in an open
/// table for `.` too: `YIJIAN_BUS__PROPERTIES__BOOTSTRAP_SERVERS`. Variables without `__` are not settings.
pub fn load<T: DeserializeOwned>(default_toml: &str, file: Option<&Path>, env_prefix: &str) -> Result<T, Error> {
    load_with(default_toml, file, env_prefix, std::env::vars_os())
}

/// [`load`] with these variables instead of the environment's.
pub fn load_with<T: DeserializeOwned>(
    default_toml: &str,
    file: Option<&Path>,
    env_prefix: &str,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<T, Error> {
    let known: Table = default_toml.parse().map_err(|error: toml::de::Error| Error::Mistakes {
        mistakes: vec![format!("defaults:{}: {}", line_of(default_toml, &error), error.message())],
    })?;
    let mut settings = known.clone();
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_path_buf(), source })?;
        let place = path.display().to_string();
        let mut layer = Layer { text: &text, place: &place, mistakes: Vec::new() };
        layer.apply(&known, &mut settings);
        settle(layer.mistakes)?;
        typed::<T>(&settings, &place)?;
    }
    let mut mistakes = Vec::new();
    let mut sorted: Vec<(String, String)> = Vec::new();
    let prefix = format!("{env_prefix}_");
    for (name, value) in variables {
        // What is not UTF-8 cannot have our prefix and a meaning.
        let Some(name) = name.to_str().filter(|name| name.starts_with(&prefix) && name.contains("__")) else {
            continue;
        };
        match value.into_string() {
            Ok(value) => sorted.push((name.to_owned(), value)),
            Err(_) => mistakes.push(format!("{name}: 不是 UTF-8 / is not UTF-8")),
        }
    }
    sorted.sort();
    for (name, value) in &sorted {
        let path: Vec<&str> = name[prefix.len()..].split("__").collect();
        if let Err(mistake) = set(&known, &mut settings, &path, value) {
            mistakes.push(format!("{name}: {mistake}"));
        }
    }
    settle(mistakes)?;
    typed(&settings, "环境变量 / environment")
}

fn settle(mistakes: Vec<String>) -> Result<(), Error> {
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Mistakes { mistakes }) }
}

/// The settings as the program wants them. What is wrong now was set by the layer at `place`, or by the defaults.
fn typed<T: DeserializeOwned>(settings: &Table, place: &str) -> Result<T, Error> {
    let read = Value::Table(settings.clone()).try_into();
    read.map_err(|error: toml::de::Error| Error::Mistakes {
        mistakes: vec![format!("{place}: {}", error.to_string().trim_end().replace('\n', " "))],
    })
}

/// A file that is laid over the defaults.
struct Layer<'a> {
    text: &'a str,
    place: &'a str,
    mistakes: Vec<String>,
}

impl Layer<'_> {
    fn apply(&mut self, known: &Table, settings: &mut Table) {
        match (DeTable::parse(self.text), self.text.parse::<Table>()) {
            (Ok(places), Ok(values)) => self.lay(known, settings, places.get_ref(), values, ""),
            (Err(error), _) | (_, Err(error)) => {
                self.mistakes.push(format!("{}:{}: {}", self.place, line_of(self.text, &error), error.message()));
            }
        }
    }

    fn lay(&mut self, known: &Table, settings: &mut Table, places: &DeTable<'_>, mut values: Table, above: &str) {
        for (name, place) in places {
            let key: &str = name.get_ref();
            let Some(value) = values.remove(key) else { continue };
            let path = format!("{above}{key}");
            let line = line_at(self.text, name.span().start);
            match (known.get(key), value, place.get_ref()) {
                (Some(Value::Table(known)), Value::Table(values), DeValue::Table(places)) if !known.is_empty() => {
                    if let Some(Value::Table(settings)) = settings.get_mut(key) {
                        self.lay(known, settings, places, values, &format!("{path}."));
                    }
                }
                (Some(Value::Table(_)), Value::Table(values), _) => {
                    if let Some(not_text) = values.iter().find(|(_, value)| !value.is_str()).map(|(name, _)| name) {
                        self.note(line, &format!("{path}.{not_text} 应为字符串 / must be a string"));
                    } else if let Some(Value::Table(open)) = settings.get_mut(key) {
                        open.extend(values);
                    }
                }
                (Some(default), value, _) => match fitting(default, value) {
                    Some(value) => drop(settings.insert(key.to_owned(), value)),
                    None => self.note(line, &format!("{path} 应为 / must be: {}", default.type_str())),
                },
                (None, _, _) => self.note(line, &format!("没有这个设置 / there is no setting {path}")),
            }
        }
    }

    fn note(&mut self, line: usize, mistake: &str) {
        self.mistakes.push(format!("{}:{line}: {mistake}", self.place));
    }
}

/// The value, if it is of the default's kind; a whole number will do where the default has a point.
fn fitting(default: &Value, value: Value) -> Option<Value> {
    match (default, value) {
        (Value::Float(_), Value::Integer(whole)) => Some(Value::Float(whole as f64)),
        (default, value) => default.same_type(&value).then_some(value),
    }
}

/// Sets one value from a variable, whose text is read as the default's kind.
fn set(known: &Table, settings: &mut Table, path: &[&str], text: &str) -> Result<(), String> {
    let [first, rest @ ..] = path else { return Err("缺少键名 / the key is missing".to_owned()) };
    let same = |key: &str| key.replace('-', "_").eq_ignore_ascii_case(first);
    let Some((key, default)) = known.iter().find(|(key, _)| same(key)) else {
        return Err(format!("没有这个设置 / there is no setting {}", first.to_ascii_lowercase()));
    };
    match (default, settings.get_mut(key), rest) {
        (Value::Table(known), Some(Value::Table(open)), [name]) if known.is_empty() => {
            open.insert(name.to_ascii_lowercase().replace('_', "."), Value::String(text.to_owned()));
            Ok(())
        }
        (Value::Table(known), Some(Value::Table(settings)), rest) if !known.is_empty() => {
            set(known, settings, rest, text)
        }
        (Value::String(_), Some(value), []) => {
            *value = Value::String(text.to_owned());
            Ok(())
        }
        (default, Some(value), []) => {
            let line: Option<Table> = format!("value = {text}").parse().ok();
            let read = line.and_then(|mut line| line.remove("value")).and_then(|read| fitting(default, read));
            *value = read.ok_or_else(|| format!("应为 / must be: {}", default.type_str()))?;
            Ok(())
        }
        _ => Err(format!("没有这个设置 / there is no setting {}", path.join(".").to_ascii_lowercase())),
    }
}

fn line_of(text: &str, error: &toml::de::Error) -> usize {
    error.span().map_or(1, |span| line_at(text, span.start))
}

fn line_at(text: &str, position: usize) -> usize {
    1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    const DEFAULTS: &str = "\
        # where gRPC is served\n\
        [grpc]\n\
        address = \"127.0.0.1:7071\"\n\
        in-flight-max = 1000\n\
        ratio = 0.5\n\
        [bus]\n\
        choice = \"memory\"\n\
        [bus.properties]\n";

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        grpc: Grpc,
        bus: Bus,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Grpc {
        address: String,
        in_flight_max: u32,
        ratio: f64,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Bus {
        choice: Choice,
        properties: BTreeMap<String, String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Choice {
        Memory,
        Kafka,
    }

    fn loaded(file: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("yijian.toml");
        std::fs::write(&path, file).expect("written");
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let shorten = |error: Error| error.to_string().replace(&path.display().to_string(), "yijian.toml");
        load_with(DEFAULTS, Some(&path), "YIJIAN", variables).map_err(shorten)
    }

    /// If this fails, an operator's setting is silently not the one in force.
    #[test]
    fn the_file_goes_before_the_defaults_and_the_environment_before_the_file() {
        let file = "[grpc]\nin-flight-max = 5\nratio = 1\n[bus]\nproperties = { \"acks\" = \"all\" }";
        let variables = [
            ("YIJIAN_GRPC__IN_FLIGHT_MAX", "7"),
            ("YIJIAN_BUS__CHOICE", "kafka"),
            ("YIJIAN_BUS__PROPERTIES__BOOTSTRAP_SERVERS", "localhost:9092"),
            ("YIJIAN_DATA", "not a setting"),
            ("OTHER_GRPC__ADDRESS", "not ours"),
        ];
        let settings = loaded(file, &variables).expect("no mistakes");
        assert_eq!(settings.grpc, Grpc { address: "127.0.0.1:7071".to_owned(), in_flight_max: 7, ratio: 1.0 });
        assert_eq!(settings.bus.choice, Choice::Kafka);
        let expected = [("acks", "all"), ("bootstrap.servers", "localhost:9092")];
        assert_eq!(settings.bus.properties, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    /// If this fails, a mistyped key is ignored and the operator believes in a limit that is not there.
    #[test]
    fn all_mistakes_of_a_file_are_told_with_their_lines() {
        let error =
            loaded("[grpc]\nadress = \"x\"\n\nin-flight-max = \"many\"\n[buss]\nchoice = 1\n", &[]).expect_err("three");
        assert!(error.starts_with("YJ-0104 "), "{error}");
        assert!(error.contains("yijian.toml:2: 没有这个设置 / there is no setting grpc.adress"), "{error}");
        assert!(error.contains("yijian.toml:4: grpc.in-flight-max 应为 / must be: integer"), "{error}");
        assert!(error.contains("yijian.toml:5: 没有这个设置 / there is no setting buss"), "{error}");
        assert!(loaded("[grpc\n", &[]).expect_err("not TOML").contains("yijian.toml:1: "));
        let error = loaded("[bus]\nchoice = \"pigeon\"", &[]).expect_err("not a carrier");
        assert!(error.contains("yijian.toml: ") && error.contains("pigeon") && error.contains("bus.choice"), "{error}");
    }

    /// If this fails, a mistyped variable is ignored.
    #[test]
    fn a_variable_that_sets_nothing_is_refused() {
        let variables =
            [("YIJIAN_GRPC__ADRESS", "x"), ("YIJIAN_GRPC__IN_FLIGHT_MAX", "many"), ("YIJIAN_BUS__CHOICE__X", "y")];
        let error = loaded("", &variables).expect_err("three");
        for (name, _) in variables {
            assert!(error.contains(&format!("\n{name}: ")), "{error}");
        }
        assert!(loaded("", &[("YIJIAN_BUS__CHOICE", "pigeon")]).expect_err("no carrier").contains("环境变量"));
    }

    /// If this fails, a file that is not there is taken for an empty one.
    #[test]
    fn a_file_that_cannot_be_read_is_an_error() {
        let error =
            load_with::<Settings>(DEFAULTS, Some(Path::new("/no/such/file.toml")), "YIJIAN", []).expect_err("none");
        assert!(matches!(error, Error::Unreadable { .. }));
        assert!(load_with::<Settings>(DEFAULTS, None, "YIJIAN", []).is_ok());
    }
}
