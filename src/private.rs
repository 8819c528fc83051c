//! Files and folders that belong to their user alone, and files read within bounds.

use std::fs::{self, DirBuilder, File, FileType, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::text::path_text;
use rustix::fs::{Mode, OFlags};

/// Everything that others may do with a file.
const OTHERS: u32 = 0o077;
/// The mode of a file that only its user reads.
pub const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// The sticky bit and writing for everybody, as `/tmp` has them.
const SHARED: u32 = 0o1002;
/// Folders in the store's folder that hold files of the store.
const INNER: [&str; 2] = ["blobs", "compacted"];

/// From now on, this process creates files and folders that only its user can read, unless a mode is set
/// explicitly.
pub fn close_to_others() {
    rustix::process::umask(Mode::from_raw_mode(OTHERS));
}

/// Creates a folder that only its user can enter. An existing folder is closed to others, and so are the
/// files in it.
///
/// The modes of another user's files cannot be corrected, which causes a warning.
///
/// # Errors
/// The folder cannot be created or listed, or is shared by all users, such as `/tmp`.
pub fn folder(dir: &Path) -> io::Result<()> {
    match fs::metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(dir);
        }
        Err(error) => return Err(error),
        // A file in the folder's place causes its own errors.
        Ok(about) if !about.is_dir() => return Ok(()),
        Ok(about) if about.permissions().mode() & SHARED == SHARED || is_root(dir) => {
            let what = "this folder is shared by all users; use a separate folder";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        Ok(about) => close(dir, &about)?,
    }
    close_all(dir)?;
    for inner in INNER.map(|name| dir.join(name)) {
        if fs::symlink_metadata(&inner).is_ok_and(|about| about.is_dir()) {
            close_all(&inner)?;
        }
    }
    Ok(())
}

fn is_root(dir: &Path) -> bool {
    fs::canonicalize(dir).is_ok_and(|path| path.parent().is_none())
}

fn close_all(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // A link is not followed.
        match entry.metadata() {
            Ok(about) if about.is_file() || about.is_dir() => close(&entry.path(), &about)?,
            // Another process may have removed it.
            Ok(_) => refuse_pipe(&entry.path())?,
            Err(_) => {}
        }
    }
    Ok(())
}

/// Refuses a file that does not belong there and that reading would wait for forever.
fn refuse_pipe(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(about) if !about.is_file() && !about.is_dir() => {
            let message = format!("{} is a pipe, a device or a socket: remove it", path_text(path));
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
        _ => Ok(()),
    }
}

fn close(path: &Path, about: &Metadata) -> io::Result<()> {
    let mode = about.permissions().mode() & 0o777;
    let own = if about.is_dir() { FOLDER_MODE } else { FILE_MODE };
    if mode & !own == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(mode & own)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            tracing::warn!(
                "{}: other users of this machine may read or change it ({error}): give it to the user that runs sellbell",
                path_text(path)
            );
            Ok(())
        }
        done => done,
    }
}

/// Writes a new file that only its user can read, replacing any existing one.
///
/// # Errors
/// Failures of the disk.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_as(path, bytes, FILE_MODE)
}

/// The same, with another mode.
///
/// # Errors
/// Failures of the disk.
pub fn write_as(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // An existing file may be readable by others, be a link, or already be open.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    if mode != FILE_MODE {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.write_all(bytes)
}

/// Sets the mode of a regular file. Another user's file keeps its mode.
///
/// # Errors
/// Failures of the disk.
pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    let about = file.metadata()?;
    if !about.is_file() || about.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    match file.set_permissions(Permissions::from_mode(mode)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        done => done,
    }
}

/// Opens a regular file for reading without ever blocking: a pipe, device or folder is refused.
///
/// # Errors
/// Why it cannot be read. No error includes the path, which may be a secret that was put in the wrong place.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    // Only a few bits, which are positive in any integer type.
    let flags = i32::try_from(flags).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() {
        let what = format!("it is {}, not a file", name_of(kind));
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    Ok(file)
}

fn name_of(kind: FileType) -> &'static str {
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something else",
    }
}

/// The whole text of an opened file.
///
/// # Errors
/// Failures of the disk; more than `most` bytes; invalid UTF-8.
pub fn text(file: File, most: u64) -> io::Result<String> {
    String::from_utf8(bytes(file, most)?).map_err(|_| invalid("it is not UTF-8 text".to_owned()))
}

/// All bytes of an opened file.
///
/// # Errors
/// Failures of the disk; more than `most` bytes.
pub fn bytes(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(invalid(format!("it has more than {most} bytes, which is too many")));
    }
    Ok(bytes)
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
