//! Reads and writes files that only their owner may read. Unix permissions are relied upon.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::Error;

/// Owner may read and write, nobody else anything.
const OWNER_ONLY: u32 = 0o600;

/// Permission bits of group and world, none of which a key file may have.
const OTHERS: u32 = 0o077;

/// Far above any key file (some hundreds of keys), far below what would hurt.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The file's text, if its permissions have kept it secret.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, Error> {
    let failed = |source| Error::File { attempt: "read", path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    // Of the open file, not of the path: what is checked is what is read.
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(Error::FileExposed { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Writes a new file; fails if the path exists.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { attempt: "create", path: path.to_owned(), source };
    let temporary = temporary_beside(path);
    let written = write_new(&temporary, text)
        // A link, unlike a rename, refuses to take the place of what is there.
        .and_then(|()| fs::hard_link(&temporary, path))
        .and_then(|()| sync_folder_of(path));
    let _ = fs::remove_file(&temporary);
    written.map_err(failed)
}

/// Writes a file whole, in place of the one that may be there.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { attempt: "replace", path: path.to_owned(), source };
    let temporary = temporary_beside(path);
    let written =
        write_new(&temporary, text).and_then(|()| fs::rename(&temporary, path)).and_then(|()| sync_folder_of(path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(failed)
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{:016x}", rand::random::<u64>()));
    path.with_file_name(name)
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}
