use crate::domain::Action;
use crate::inventory::read;
use crate::operations::{Known, Planned, UnprotectFacts, plan_unprotect};
use crate::protector::{Error, Protector};
use futures::try_join;

impl Protector {
    pub(super) async fn plan_unprotect(&self, name: &str) -> Result<Planned, Error> {
        let group = self.idle_group(name, Action::Unprotect).await?;
        let primary = self.access(&group.current_primary_site)?;
        let other = self.access(group.other_site(&group.current_primary_site))?;
        let (primary_facts, other_facts) =
            try_join!(read(primary, &self.context), read(other, &self.context))?;
        let (primary_arrays, other_arrays) = try_join!(
            self.arrays(&primary.site, Vec::new(), group.consistency_groups.get(&primary.site).cloned()),
            self.arrays(&other.site, Vec::new(), group.consistency_groups.get(&other.site).cloned())
        )?;
        let facts = UnprotectFacts {
            group: &group,
            primary: Known { site: &primary_facts, arrays: &primary_arrays },
            other: Known { site: &other_facts, arrays: &other_arrays },
            made: &self.made(group.id).await?,
        };
        Ok(plan_unprotect(&facts)?)
    }
}
