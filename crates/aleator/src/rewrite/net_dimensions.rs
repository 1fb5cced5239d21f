//! The dimensions that the sites of a graph have in one scrambled net.

/// The dimensions of a net, as sites take them.
#[derive(Debug, Default)]
pub(crate) struct NetDimensions {
    /// The first dimension of each site that has some.
    first: Vec<(u32, usize)>,
    /// The number of dimensions that are taken.
    taken: usize,
}

impl NetDimensions {
    /// The first dimension of a site, which takes `count` of them when it asks for the first time.
    pub fn of_site(&mut self, site: u32, count: usize) -> usize {
        if let Some((_, first)) = self.first.iter().find(|(number, _)| *number == site) {
            return *first;
        }
        let first = self.taken;
        self.first.push((site, first));
        self.taken = first.saturating_add(count);
        first
    }
}
