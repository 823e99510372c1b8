//! The input of a list, and the options for reading it.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use super::encoding::ListEncoding;

/// How to read a list. Anything that is None is detected.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListOptions {
    /// `--sheet`
    pub(crate) sheet: Option<String>,
    /// `--encoding`
    pub(crate) encoding: Option<ListEncoding>,
    /// `--header-row`: the line of the header. Default: the first filled row.
    pub(crate) header_row: Option<u64>,
}

pub(crate) enum ListInput {
    File(File),
    /// Read once, from start to end.
    Stream(Box<dyn Read>),
}

impl Read for ListInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

impl ListInput {
    /// Returns a file that can be read in any order; `head` has already been read. Other inputs are
    /// copied into an unnamed file, which disappears with this process.
    pub(super) fn into_file(self, head: &[u8]) -> io::Result<File> {
        match self {
            Self::File(mut file) if file.metadata()?.is_file() => {
                file.rewind()?;
                Ok(file)
            }
            mut input => {
                let mut file = tempfile::tempfile()?;
                file.write_all(head)?;
                io::copy(&mut input, &mut file)?;
                file.rewind()?;
                Ok(file)
            }
        }
    }
}
