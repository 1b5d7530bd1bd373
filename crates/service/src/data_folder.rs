//! The folder in which a process keeps its databases and keys, for itself alone.
//!
//! The lock is the operating system's, on an open file: it ends with the process, however that ends, so a folder is
//! never left locked by a crash.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error_code::{DATA_FOLDER_IN_USE, DATA_FOLDER_UNUSABLE, ErrorCode};

/// A data folder that is this process's own until this is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// Held, not read: closing it gives the folder free.
    _lock: File,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds its lock.
    #[error(
        "{DATA_FOLDER_IN_USE} 数据目录 {} 正被另一个进程使用;请先停止那个进程,或用 --data 指定另一个目录。\n\
         the data folder {} is held by another process; stop that process first, or name another folder with --data; \
         see {}",
        .path.display(), .path.display(), DATA_FOLDER_IN_USE.page()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be made, secured or locked.
    #[error(
        "{DATA_FOLDER_UNUSABLE} 数据目录 {} 无法使用({attempt})。\n\
         the data folder {} cannot be used ({attempt}); see {}",
        .path.display(), .path.display(), DATA_FOLDER_UNUSABLE.page()
    )]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What was attempted.
        attempt: &'static str,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// `YJ-0101` or `YJ-0103`.
    pub fn code(&self) -> ErrorCode {
        match self {
            Error::InUse { .. } => DATA_FOLDER_IN_USE,
            Error::Unusable { .. } => DATA_FOLDER_UNUSABLE,
        }
    }
}

impl DataFolder {
    /// Makes the folder if need be, lets nobody but its owner into it (0700), and takes its lock.
    pub fn open(path: impl AsRef<Path>) -> Result<DataFolder, Error> {
        let path = path.as_ref().to_path_buf();
        let unusable = |attempt| {
            let path = path.clone();
            move |source| Error::Unusable { path, attempt, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(unusable("make the folder"))?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(path.join("lock")).map_err(unusable("open the file 'lock' in it"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(unusable("lock the file 'lock' in it")(source)),
        }
        // Only once it is ours, and also where it existed: it may have been made by hand, open to all.
        std::fs::set_permissions(&path, Permissions::from_mode(0o700)).map_err(unusable("close it to others"))?;
        Ok(DataFolder { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, two orchestrators work on one database, each with half of the truth in its memory.
    #[test]
    fn a_second_opener_is_refused_and_told_which_folder() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("data");
        let held = DataFolder::open(&path).expect("opened");
        let error = DataFolder::open(&path).expect_err("held");
        let text = error.to_string();
        assert!(text.starts_with("YJ-0101 ") && text.contains(&path.display().to_string()), "{text}");
        drop(held);
        DataFolder::open(&path).expect("free again");
    }

    /// If this fails, other users of the machine can read the keys.
    #[test]
    fn the_folder_is_closed_to_others_even_if_it_was_made_by_hand() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("open");
        std::fs::create_dir(&path).expect("made");
        std::fs::set_permissions(&path, Permissions::from_mode(0o777)).expect("opened to all");
        let folder = DataFolder::open(&path).expect("opened");
        assert_eq!(std::fs::metadata(folder.path()).expect("there").permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(folder.join("lock")).expect("there").permissions().mode() & 0o777, 0o600);
    }

    /// If this fails, a folder that cannot be made is a panic or a riddle.
    #[test]
    fn a_folder_that_cannot_be_made_says_so() {
        let parent = tempfile::tempdir().expect("a folder");
        std::fs::write(parent.path().join("file"), "").expect("written");
        let error = DataFolder::open(parent.path().join("file/data")).expect_err("not a folder");
        assert!(error.to_string().starts_with("YJ-0103 "), "{error}");
    }
}
