//! Looking for words where they must not be: in every byte of a file, every value of a database, every message.
//!
//! A word is looked for in the writings that it may have on its way through programs: UTF-8, UTF-16 of both byte
//! orders, JSON's escapes, hexadecimal digits of UTF-8 in both cases, and base64 of UTF-8 in both alphabets at each of
//! the three places where it can begin. A search that finds nothing means something only where the same search finds
//! what was planted; the tests show that.

use std::{
    collections::HashMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use base64::{Engine, engine::general_purpose};
use sqlx::{
    Column, ConnectOptions, Row, SqliteConnection, TypeInfo, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

/// The shortest writing that is looked for: a shorter one is found by chance in megabytes of sealed bytes.
const WRITING_BYTES_MIN: usize = 6;

/// The bytes by which places are looked up.
const HEAD: usize = 4;

/// A word that was found where it must not be.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// What the word is, e.g. `the mother's name`; not the word.
    pub what: String,
    /// How it was written.
    pub writing: &'static str,
    /// Where.
    pub place: String,
}

impl fmt::Debug for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} as {} in {}", self.what, self.writing, self.place)
    }
}

struct Writing {
    bytes: Vec<u8>,
    what: String,
    writing: &'static str,
}

/// Words in all their writings.
pub struct Words {
    by_head: HashMap<[u8; HEAD], Vec<Writing>>,
    count: usize,
}

impl Words {
    /// These words, each with what it is.
    ///
    /// # Panics
    /// If a word is so short that it would be found by chance.
    pub fn new(words: &[(&str, &str)]) -> Self {
        let mut by_head: HashMap<_, Vec<Writing>> = HashMap::new();
        let mut count = 0;
        for (what, word) in words {
            for (writing, bytes) in writings(word) {
                assert!(bytes.len() >= WRITING_BYTES_MIN, "{what} is too short to be looked for as {writing}");
                let head = bytes.first_chunk().copied().expect("longer than its head");
                by_head.entry(head).or_default().push(Writing { bytes, what: (*what).to_owned(), writing });
                count += 1;
            }
        }
        Self { by_head, count }
    }

    /// How many writings are looked for.
    pub fn count(&self) -> usize {
        self.count
    }

    /// What stands in these bytes; each writing once.
    pub fn in_bytes(&self, place: &str, bytes: &[u8]) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for at in 0..bytes.len().saturating_sub(HEAD - 1) {
            let head = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            let Some(writings) = self.by_head.get(&head) else { continue };
            for writing in writings.iter().filter(|writing| bytes[at..].starts_with(&writing.bytes)) {
                let one =
                    Found { what: writing.what.clone(), writing: writing.writing, place: format!("{place} at {at}") };
                if !found.iter().any(|known| (&known.what, known.writing) == (&one.what, one.writing)) {
                    found.push(one);
                }
            }
        }
        found
    }

    /// What stands in this file, as it lies there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn in_file(&self, path: &Path) -> anyhow::Result<Vec<Found>> {
        let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
        Ok(self.in_bytes(&path.display().to_string(), &bytes))
    }

    /// What stands in any value of any table of this database: values that are longer than a page lie in pieces in the
    /// file, and a word across two of them is found only here.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn in_database(&self, path: &Path) -> anyhow::Result<Vec<Found>> {
        let mut connection: SqliteConnection =
            SqliteConnectOptions::new().filename(path).disable_statement_logging().connect().await?;
        let tables: Vec<(String,)> =
            sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&mut connection).await?;
        let mut found = Vec::new();
        for (table,) in tables {
            // The name comes from the database itself.
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * FROM \"{table}\"")));
            for row in rows.fetch_all(&mut connection).await? {
                for at in 0..row.columns().len() {
                    let place = format!("{}: {table}.{}", path.display(), row.columns()[at].name());
                    found.extend(self.in_bytes(&place, &value(&row, at)?));
                }
            }
        }
        Ok(found)
    }

    /// What stands in any of these files; databases are searched by value too. Answers how many bytes were searched.
    ///
    /// # Errors
    /// If one cannot be read.
    pub async fn in_files(&self, paths: &[PathBuf]) -> anyhow::Result<(Vec<Found>, u64)> {
        let (mut found, mut bytes, mut databases) = (Vec::new(), 0, Vec::new());
        for path in paths {
            let read = fs::read(path).with_context(|| format!("read {}", path.display()))?;
            bytes += read.len() as u64;
            found.extend(self.in_bytes(&path.display().to_string(), &read));
            if read.starts_with(b"SQLite format 3\0") {
                databases.push(path);
            }
        }
        // Only now: whoever opens a database may fold its log into it, and the log is gone.
        for path in databases {
            found.extend(self.in_database(path).await?);
        }
        Ok((found, bytes))
    }
}

/// Every file under this folder.
///
/// # Errors
/// If it cannot be read.
pub fn files_under(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_under(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}

/// The word in each writing.
pub fn writings(word: &str) -> Vec<(&'static str, Vec<u8>)> {
    let utf8 = word.as_bytes();
    let mut writings = vec![
        ("UTF-8", utf8.to_vec()),
        ("UTF-16LE", word.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", word.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("hexadecimal digits", hex::encode(utf8).into_bytes()),
        ("capital hexadecimal digits", hex::encode_upper(utf8).into_bytes()),
    ];
    if !word.is_ascii() {
        let escaped = |digits: fn(u16) -> String| word.encode_utf16().map(digits).collect::<String>().into_bytes();
        writings.push(("JSON escapes", escaped(|unit| format!("\\u{unit:04x}"))));
        writings.push(("capital JSON escapes", escaped(|unit| format!("\\u{unit:04X}"))));
    }
    for (name, engine) in
        [("base64", general_purpose::STANDARD_NO_PAD), ("base64 for URLs", general_purpose::URL_SAFE_NO_PAD)]
    {
        for before in 0..3 {
            let bytes = in_base64(utf8, before, &engine);
            // Where both alphabets write it alike, once is enough.
            if !writings.iter().any(|(_, known)| *known == bytes) {
                writings.push((name, bytes));
            }
        }
    }
    writings
}

/// The characters that are the same whatever stands before the word (so many bytes, modulo three) and after it.
fn in_base64(word: &[u8], before: usize, engine: &impl Engine) -> Vec<u8> {
    let whole = [vec![0; before], word.to_vec()].concat();
    let text = engine.encode(&whole).into_bytes();
    // The first characters hold bits of what stands before, the last one perhaps bits of what comes after.
    let from = [0, 2, 3][before];
    let to = whole.len() * 8 / 6;
    text[from..to].to_vec()
}

fn value(row: &SqliteRow, at: usize) -> anyhow::Result<Vec<u8>> {
    let raw = row.try_get_raw(at)?;
    Ok(match raw.type_info().name() {
        "TEXT" => row.try_get::<String, _>(at)?.into_bytes(),
        "BLOB" => row.try_get::<Vec<u8>, _>(at)?,
        "INTEGER" => row.try_get::<i64, _>(at)?.to_string().into_bytes(),
        _ => Vec::new(),
    })
}
