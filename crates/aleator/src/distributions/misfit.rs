//! Whether the shape of a value is one that a distribution's draws can have.

use aleator_engine::graph::Expr;

use super::family::Distribution;

impl Distribution<'_> {
    /// Why a value cannot be one of the distribution's, by its shape; `None` if it can, or if the mistake is older.
    pub fn misfit(&self, value: Expr<'_>) -> Option<String> {
        if value.is_poison() || self.parameters().iter().any(|p| p.is_poison()) {
            return None;
        }
        let Some(batch) = self.batch_shape() else {
            return Some(format!("the parameters of {} do not fit together", self.name()));
        };
        if let Some(problem) = self.misshapen() {
            return Some(problem);
        }
        let (event, shape) = (self.event_shape(), value.shape());
        let own = shape.rank() >= event.rank() && shape.trailing(event.rank()) == event;
        if !own {
            return Some(format!(
                "a value of shape {shape} cannot come from {}, whose events have shape {event}",
                self.name()
            ));
        }
        let lead = shape.leading(shape.rank() - event.rank());
        lead.broadcast(&batch)
            .is_none()
            .then(|| format!("a value of shape {shape} does not fit the batch {batch} of {}", self.name()))
    }
}
