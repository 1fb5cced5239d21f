//! `aleator check`: sites, what they influence, what can serve them, and what to be warned of.

use aleator::diagnostics::blind_spots;
use aleator::diagnostics::{SiteReport, inspect};

use crate::arguments::Check;
use crate::failure::{Failure, Outcome};
use crate::flags::with_flags;
use crate::input::load_to_look_at;
use crate::output::print;

pub fn run(arguments: &Check) -> Outcome {
    let loaded = load_to_look_at(&arguments.source, 0)?;
    let plan = loaded.plan(&[], None)?;
    let inspection = inspect(&loaded.model.graph, &plan).map_err(|e| loaded.failure(e))?;
    let mut text = format!("{}: {}\n", loaded.file, inspection.summary());
    for site in &inspection.sites {
        text.push_str(&describe(site));
    }
    print(&text)?;
    let mut lints = inspection.lints;
    lints.extend(blind_spots(&loaded.model.graph, &plan));
    loaded.warn_of(&lints);
    match (arguments.strict, lints.len()) {
        (true, n) if n > 0 => Err(Failure::check(format!("error: {n} warning(s) with --strict"))),
        _ => Ok(()),
    }
}

fn describe(site: &SiteReport) -> String {
    let influences = match &site.influences[..] {
        [] => "no cost".to_string(),
        costs => costs.join(", "),
    };
    format!(
        "\n{} ~ {} {}\n  influences  {influences}\n  estimator   {} ({})\n  can serve   {}\n",
        site.name,
        site.distribution,
        site.shape,
        site.estimator,
        with_flags(&site.reason),
        site.can_serve.join(", "),
    )
}
