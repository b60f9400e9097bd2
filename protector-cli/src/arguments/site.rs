use super::ConfirmArguments;
use clap::{Args, Subcommand};
use protector_core::protector::SiteFailoverRequest;

/// What there is to know of sites, and how one is left.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum SiteCommand {
    /// Both sites, and whether they answer
    List,
    /// One site, its arrays and its groups
    Show {
        /// The site
        site: String,
    },
    /// Whether a site is fit to be half of the pair
    Validate {
        /// The site
        site: String,
    },
    /// Which volume types can be protected, and what stands for them at the other site
    ListVolumeTypes {
        /// The site
        site: String,
    },
    /// Leaves a site: moves all groups that run there, in their order, each by an operation of its own
    Failover {
        #[command(flatten)]
        wanted: SiteFailoverArguments,
        #[command(flatten)]
        run: ConfirmArguments,
    },
}

/// A site that is to be left.
#[derive(Debug, Args)]
pub struct SiteFailoverArguments {
    /// The site
    pub(crate) site: String,
    /// Without the site, from recovery points: what was written since is lost
    #[arg(long)]
    unplanned: bool,
    /// Accepts the losses that the plan states
    #[arg(long, requires = "unplanned")]
    accept_loss: bool,
    /// Moves this group only; may be given more than once
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Begins no other group once one could not be moved
    #[arg(long)]
    stop_at_a_failure: bool,
}

impl SiteFailoverArguments {
    pub(crate) fn request(&self) -> SiteFailoverRequest {
        let site = self.site.as_str();
        let mut request = if self.unplanned {
            SiteFailoverRequest::unplanned(site, self.accept_loss)
        } else {
            SiteFailoverRequest::planned(site)
        };
        if !self.groups.is_empty() {
            request = request.only(self.groups.iter().cloned());
        }
        if self.stop_at_a_failure {
            request = request.stopping_at_a_failure();
        }
        request
    }
}
