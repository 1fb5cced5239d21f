//! The noise of a site from a scrambled net.

use super::site::Site;
use crate::distributions::{MOST_DIMENSIONS, Net, Noise, Scramble};

impl<'g> Site<'g> {
    /// The noise of the site as coordinates of the points of a scrambled net, one point for each sample. All sites of a graph that use
    /// this have dimensions of their own in the same net. `uniforms` is the number of uniform numbers of one draw. Draws that costs
    /// never combine share dimensions, which are scrambled independently.
    ///
    /// # Errors
    /// The reason if the net has too few dimensions for all sites.
    pub fn net_noise(&self, uniforms: usize, scramble: Scramble) -> Result<Noise<'g>, String> {
        let coupled = self.batch.iter().rev().zip(&self.coupled).filter(|(_, coupled)| **coupled);
        let count = coupled.map(|(size, _)| *size).fold(uniforms, usize::saturating_mul);
        let first = self.own.borrow_mut().net.of_site(self.number, count);
        let needed = first.saturating_add(count);
        if needed > MOST_DIMENSIONS {
            return Err(format!(
                "its {count} uniform numbers and the {first} of the sites before it need {needed} dimensions, and Sobol's sequence \
                 has {MOST_DIMENSIONS} with published direction numbers; use pathwise at some of these sites"
            ));
        }
        Ok(self.noise().in_net(Net::new(scramble, first, self.coupled.clone())))
    }
}
