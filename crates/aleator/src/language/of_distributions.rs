//! Functions of distributions: `log_prob`, `entropy`, `kl`, `mean`, `variance`.
//!
//! Where such a function asks for a distribution, the name of a site stands for the site's distribution, with the site's copies as
//! a batch axis. (`mean(z)` is the mean of the elements of a draw, as it is for every other value.)
use aleator_engine::graph::{Expr as Node, FromEnd};

use crate::distributions;

use super::call::Arguments;
use super::errors::Diagnostic;
use super::named_distribution::Named;

type Result<'g> = std::result::Result<Node<'g>, Diagnostic>;

/// `log_prob(D(..), x)`, and `log_prob(z)` of a site at its own draw: summed over the event.
pub(super) fn log_prob<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let named = a.required_distribution(0)?;
    let value = match (a.has(1), named.draw) {
        (true, _) => a.expr(1)?,
        (false, Some(draw)) => draw,
        (false, None) => return Err(a.wrong("`log_prob` of a distribution needs a value")),
    };
    if let Some(problem) = named.distribution.misfit(value) {
        return Err(a.wrong(problem));
    }
    let event = named.distribution.event_shape().rank();
    let lead = value.shape().leading(value.rank() - event);
    let log_prob = match a.is_a_drawn_count(value) {
        true => named.distribution.log_prob_of_count(value),
        false => named.distribution.log_prob(value),
    };
    match lead.broadcast(&named.batch) {
        Some(lead) => Ok(log_prob.broadcast_to(lead)),
        None => Err(a.wrong(format!(
            "a value of shape {} does not fit the batch {} of {}",
            value.shape(),
            named.batch,
            named.distribution.name()
        ))),
    }
}

/// `entropy(D(..))`: one number for each draw, in nats.
pub(super) fn entropy<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let named = a.required_distribution(0)?;
    match named.distribution.entropy() {
        Some(entropy) => Ok(named.for_each_draw(entropy)),
        None => Err(unknown(a, "entropy", named).help("`-log_prob(z)` of a site z has this mean")),
    }
}

/// `kl(P, Q)`: one number for each draw, in nats.
pub(super) fn kl<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let (p, q) = (a.required_distribution(0)?, a.required_distribution(1)?);
    match distributions::kl(&p.distribution, &q.distribution) {
        Ok(kl) => match p.batch.broadcast(&q.batch) {
            Some(batch) => Ok(kl.broadcast_to(batch)),
            None => Err(a.wrong(format!("`kl` of batches of shapes {} and {}", p.batch, q.batch))),
        },
        Err(_) if distributions::has_kl(&p.distribution, &q.distribution) == Some(false) => {
            let (own, other) = (a.distribution_text(0), a.distribution_text(1));
            let names = (p.distribution.name(), q.distribution.name());
            let message =
                format!("no closed form of the divergence of {} from {} is known", names.0, names.1);
            Err(a.wrong(message).help(match p.draw {
                Some(_) => format!("`log_prob({own}) - log_prob({other}, {own})` has it as its mean"),
                None => format!("draw `z ~ {own}`; `log_prob(z) - log_prob({other}, z)` has it as its mean"),
            }))
        }
        Err(error) => Err(a.wrong(error.to_string())),
    }
}

/// `mean(D(..))` has the shape of the draws; of a value, the mean over axes.
pub(super) fn mean<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let Some(named) = a.distribution(0) else {
        return Ok(a.expr(0)?.mean_axes(FromEnd(&a.axes()?)));
    };
    a.refuse_axis("the mean of a distribution")?;
    let mean = named.distribution.mean().map(|mean| named.like_draws(mean));
    mean.ok_or_else(|| unknown(a, "mean", named))
}

/// `variance(D(..))` has the shape of the draws.
pub(super) fn variance<'g>(a: &mut Arguments<'_, 'g>) -> Result<'g> {
    let named = a.required_distribution(0)?;
    let variance = named.distribution.variance().map(|variance| named.like_draws(variance));
    variance.ok_or_else(|| unknown(a, "variance", named))
}

fn unknown<'g>(a: &Arguments<'_, 'g>, what: &str, named: &Named<'g>) -> Diagnostic {
    a.wrong(format!("no formula of the {what} of {} is known", named.distribution.name()))
}
