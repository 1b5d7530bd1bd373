//! The texts of a pack: where they lie, which belong to it, and the hash under which they are kept.

use std::{fs, path::Path, sync::Arc};

use sm3::{Digest, Sm3};

use super::{FILE_BYTES_MAX, FILES, Problem, Problems, sheet::Placed};

/// The texts of a folder, sorted by name after the four that must be there, then those of its base.
pub(super) fn of_folder(folder: &Path) -> Result<Vec<(String, String)>, Problems> {
    let mut texts = Vec::new();
    let mut problems = Vec::new();
    let mut take = |folder: &Path, file: &str, name: String| match read(&folder.join(file)) {
        Ok(text) => texts.push((name, text)),
        Err(why) => problems.push(Problem::new(
            &name,
            1,
            format!("无法读取文件 cannot be read: {why}"),
            "放入该文件 put the file into the pack's folder".to_owned(),
        )),
    };
    for name in FILES {
        take(folder, name, name.to_owned());
    }
    for file in others(folder) {
        take(folder, &file, file.clone());
    }
    let base = texts.first().and_then(|(_, text)| base_of(text));
    if let Some(base) = base {
        let beside = folder.parent().unwrap_or(folder).join(&base);
        let mut take = |file: &str| match read(&beside.join(file)) {
            Ok(text) => texts.push((format!("base/{file}"), text)),
            Err(why) => problems.push(Problem::new(
                FILES[0],
                1,
                format!("无法读取基础包 the base `{base}` cannot be read ({file}): {why}"),
                "把基础包的文件夹放在旁边 put the base's folder beside this one".to_owned(),
            )),
        };
        take("law.toml");
        others(&beside).iter().for_each(|file| take(file));
    }
    if problems.is_empty() { Ok(texts) } else { Err(Problems(problems)) }
}

/// The base that a `pack.toml` names, if it can be read so far.
fn base_of(text: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let base = table.get("base")?.as_str()?;
    let plain = base.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    (plain && !base.is_empty()).then(|| base.to_owned())
}

/// The further `.toml` files of a folder.
fn others(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml") && !FILES.contains(&&**name))
        .collect();
    names.sort();
    names
}

fn read(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("{size} bytes, more than {FILE_BYTES_MAX}"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// True for a file that belongs to a pack with these procedures. What a base has besides is its own affair.
pub(super) fn is_known(name: &str, procedures: &[Placed<Arc<str>>]) -> bool {
    let procedure = |name: &str| procedures.iter().any(|known| name.strip_suffix(".toml") == Some(&*known.value));
    FILES.contains(&name) || name.starts_with("base/") || procedure(name)
}

/// Problems are told in the order in which an author reads the files.
pub(super) fn order(file: &str) -> (usize, String) {
    let at = FILES.iter().position(|name| *name == file).unwrap_or(FILES.len());
    (at, file.to_owned())
}

/// SM3 of the texts, whatever their order.
pub(super) fn hash(files: &[(&str, &str)]) -> [u8; 32] {
    let mut sorted = files.to_vec();
    sorted.sort_unstable();
    let mut digest = Sm3::new();
    for (name, text) in sorted {
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name.as_bytes());
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    }
    digest.finalize().into()
}

/// SM3 of the pack's hash and a procedure's name.
pub(super) fn hash_of_procedure(pack: &[u8; 32], procedure: &str) -> [u8; 32] {
    Sm3::new().chain_update(pack).chain_update(procedure.as_bytes()).finalize().into()
}
