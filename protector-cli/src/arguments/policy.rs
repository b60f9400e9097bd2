use clap::Subcommand;
use std::path::PathBuf;

/// What can be done with the policies of groups' moves.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum PolicyCommand {
    /// A group's policy, as a YAML document
    Show {
        /// The group
        group: String,
    },
    /// Gives a group another policy: all of what the document says, and nothing else
    Set {
        /// The group
        group: String,
        /// The document; `-` is standard input
        file: PathBuf,
    },
    /// Whether a document can be the policy of a group, as it is now; nothing is changed
    Validate {
        /// The group
        group: String,
        /// The document; `-` is standard input
        file: PathBuf,
    },
}
