use crate::Error;
use std::fs;
use std::io;
use std::path::Path;

/// Reads a document that was named on the command line; `-` is standard input.
pub(crate) fn read(file: &Path) -> Result<String, Error> {
    let text =
        if file.as_os_str() == "-" { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) };
    text.map_err(|source| Error::File { action: "read", file: file.to_owned(), source })
}

/// Writes a file that was named on the command line.
pub(crate) fn write(file: &Path, text: &str) -> Result<(), Error> {
    fs::write(file, text).map_err(|source| Error::File { action: "write", file: file.to_owned(), source })
}
