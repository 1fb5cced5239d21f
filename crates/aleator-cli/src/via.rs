//! The estimators that options give to sites, and the plans that follow from them.

use std::sync::Arc;

use aleator::diagnostics::{Chosen, Pilot, SiteChoice, choose_by_measurement, plan_with};
use aleator::estimators::Estimator;
use aleator::language::{self, Diagnostic};
use aleator::plan::Plan;

use crate::failure::{Failure, Outcome};
use crate::input::{Loaded, in_option};
use crate::output::shell_word;

/// The word that stands for the best estimator of a pilot.
const MEASURED: &str = "measured";

/// What the options ask for, site by site.
struct Asked {
    /// The estimators that are named.
    given: Vec<Option<Arc<dyn Estimator>>>,
    /// Whether the estimator is that of the pilot.
    measured: Vec<bool>,
    /// Whether the pilot decides because that was asked for every site.
    everywhere: bool,
}

impl Asked {
    /// Whether the pilot decides anything.
    fn measures(&self) -> bool {
        self.measured.contains(&true)
    }

    /// Names what a pilot has chosen.
    fn fix(&mut self, plan: &Plan) {
        for ((given, measured), chosen) in self.given.iter_mut().zip(&self.measured).zip(&plan.estimators) {
            if *measured {
                *given = Some(Arc::clone(chosen));
            }
        }
    }
}

/// What `compare` compares beside the estimators.
pub struct Besides {
    /// Sites whose estimator is the same in all rows.
    pub fixed: Vec<(String, Arc<dyn Estimator>)>,
    /// Plans that are rows of their own.
    pub plans: Vec<Plan>,
    /// How the pilot chose.
    pub measured: Vec<SiteChoice>,
}

/// What `certify` certifies.
pub struct ToCertify {
    /// The estimators; `None` for all that are unbiased.
    pub estimators: Option<Vec<Arc<dyn Estimator>>>,
    /// Sites whose estimator is the same in all plans.
    pub fixed: Vec<(String, Arc<dyn Estimator>)>,
}

impl Loaded {
    /// The plan that the options ask for, completed by the file and the automatic choice.
    pub fn plan(&self, via: &[String], pilot: &Pilot) -> Outcome<Chosen> {
        let asked = self.asked(via)?;
        if asked.measures() {
            return self.by_pilot(&asked, pilot);
        }
        let plan = Plan::choose(&self.model.graph, &asked.given, pilot.samples);
        let plan = plan.map_err(|e| self.failure(e))?;
        self.check_for_every_site(via, &plan)?;
        Ok(Chosen { plan, sites: vec![] })
    }

    /// The plan for second derivatives that the options ask for, completed by the file and the automatic choice.
    pub fn plan_for_second_derivatives(&self, via: &[String], samples: Option<usize>) -> Outcome<Plan> {
        let asked = self.asked(via)?;
        if asked.measures() {
            return Err(Failure::input(format!(
                "--via {MEASURED} measures gradients and cannot choose for second derivatives; name an estimator, or leave it out"
            )));
        }
        let plan = Plan::choose_for_second_derivatives(&self.model.graph, &asked.given, samples);
        let plan = plan.map_err(|e| self.failure(e))?;
        self.check_for_every_site(via, &plan)?;
        Ok(plan)
    }

    /// What the options of `compare` fix, and the plan of a pilot that decides about every site.
    pub fn besides(&self, via: &[String], pilot: &Pilot) -> Outcome<Besides> {
        let every = |text: &&String| language::parse_via(text).is_ok_and(|parsed| parsed.site.is_none());
        if let Some(text) = via.iter().filter(|text| !is_measured(text)).find(every) {
            return Err(Failure::input(format!(
                "in --via '{text}': this would fix every site, and leave nothing to compare; name one site, --via \
                 SITE={text}, or use --estimators {text}"
            )));
        }
        let mut asked = self.asked(via)?;
        let (mut plans, mut measured) = (vec![], vec![]);
        if asked.measures() {
            let chosen = self.by_pilot(&asked, pilot)?;
            measured = chosen.sites;
            match asked.everywhere {
                true => plans.push(chosen.plan),
                false => asked.fix(&chosen.plan),
            }
        }
        let sites = self.model.graph.sites().into_iter().map(|site| site.name);
        let fixed = sites.zip(asked.given).filter_map(|(name, given)| Some((name, given?))).collect();
        Ok(Besides { fixed, plans, measured })
    }

    /// The plans that use each of these estimators at every site that it supports, beside those that the options fix. A pilot that
    /// decides about every site makes one more plan, the first.
    pub fn plans(&self, list: &str, via: &[String], pilot: &Pilot) -> Outcome<Vec<Chosen>> {
        let listed = Listed::read("--compare", list)?;
        let mut asked = self.asked(&listed.with(via))?;
        let (mut plans, mut sites) = (vec![], vec![]);
        if asked.measures() {
            let chosen = self.by_pilot(&asked, pilot)?;
            match asked.everywhere {
                true => plans.push(chosen),
                false => {
                    asked.fix(&chosen.plan);
                    sites = chosen.sites;
                }
            }
        }
        for estimator in listed.estimators {
            let plan = plan_with(&self.model.graph, &estimator, &asked.given, pilot.samples);
            plans.push(Chosen { plan: plan.map_err(|e| self.failure(e))?, sites: sites.clone() });
        }
        Ok(plans)
    }

    /// The estimators that are to be certified, if the options name any, and those that they give to sites by name.
    pub fn to_certify(&self, via: &[String]) -> Outcome<ToCertify> {
        if let Some(text) = via.iter().find(|text| is_measured(text)) {
            return Err(Failure::input(format!(
                "in --via '{text}': a certificate is for estimators with names; `aleator compare` says which the pilot chooses"
            )));
        }
        let every = |text: &String| language::parse_via(text).is_ok_and(|parsed| parsed.site.is_none());
        let (all, named): (Vec<String>, Vec<String>) = via.iter().cloned().partition(every);
        let estimators = all.iter().map(|text| estimator("--via", text)).collect::<Outcome<Vec<_>>>()?;
        let sites = self.model.graph.sites().into_iter().map(|site| site.name);
        let given = self.asked(&named)?.given;
        let fixed = sites.zip(given).filter_map(|(name, given)| Some((name, given?))).collect();
        Ok(ToCertify { estimators: (!estimators.is_empty()).then_some(estimators), fixed })
    }

    fn by_pilot(&self, asked: &Asked, pilot: &Pilot) -> Outcome<Chosen> {
        choose_by_measurement(&self.model.graph, &asked.given, &asked.measured, pilot)
            .map_err(|e| self.failure(e))
    }

    /// Says what to type where an option gives an estimator to every site, and some of them cannot have it.
    fn check_for_every_site(&self, via: &[String], plan: &Plan) -> Outcome {
        let every = |text: &&String| language::parse_via(text).is_ok_and(|parsed| parsed.site.is_none());
        let Some(text) = via.iter().rfind(every) else { return Ok(()) };
        let asked = estimator("--via", text)?.properties().name;
        let unsupported = plan.unsupported(&self.model.graph).map_err(|e| self.failure(e))?;
        let of_option = self.model.graph.sites().into_iter().zip(&plan.estimators);
        let of_option = of_option.filter(|(_, planned)| planned.properties().name == asked);
        let reason = |site: &str| unsupported.iter().find(|(name, _)| name == site).map(|(_, reason)| reason);
        let (mut refused, mut served) = (Vec::new(), Vec::new());
        for (site, _) in of_option {
            match reason(&site.name) {
                Some(reason) => refused.push((site.name, reason)),
                None => served.push(format!("--via {}", shell_word(&format!("{}={text}", site.name)))),
            }
        }
        let Some((first, others)) = refused.split_first() else { return Ok(()) };
        let others: String = others.iter().map(|(name, _)| format!(", nor `{name}`")).collect();
        let help = match served.as_slice() {
            [] => format!("`aleator check {}` lists the estimators of each site", self.file),
            served => {
                format!("name those that can: {}; the others get the automatic choice", served.join(" "))
            }
        };
        let message = format!(
            "in --via '{text}': this names every site, and `{}` cannot have it ({}){others}",
            first.0, first.1
        );
        let mut diagnostic = Diagnostic::new(message).help(help);
        if let Some(span) = self.model.via_span(&first.0) {
            diagnostic = diagnostic.at(span).label("here");
        }
        Err(Failure::at(&self.file, &self.text, &diagnostic))
    }

    /// What the options ask for at each site; later ones take precedence.
    fn asked(&self, via: &[String]) -> Outcome<Asked> {
        let count = self.model.graph.sites().len();
        let mut asked = Asked { given: vec![None; count], measured: vec![false; count], everywhere: false };
        for text in via {
            let wrong = |d: &Diagnostic| in_option("--via", text, d);
            if is_measured(text) {
                match text.split_once('=') {
                    None => {
                        asked =
                            Asked { given: vec![None; count], measured: vec![true; count], everywhere: true };
                    }
                    Some((site, _)) => {
                        let place = self.place_of_site(text, site.trim())?;
                        (asked.given[place], asked.measured[place]) = (None, true);
                    }
                }
                continue;
            }
            let parsed = language::parse_via(text).map_err(|d| wrong(&d))?;
            let call = &parsed.estimator;
            let estimator = language::estimator(&call.call, &call.expressions).map_err(|d| wrong(&d))?;
            match &parsed.site {
                None => {
                    let given = vec![Some(estimator); count];
                    asked = Asked { given, measured: vec![false; count], everywhere: false };
                }
                Some(name) => {
                    let place = self.place_of_site(text, &name.text)?;
                    (asked.given[place], asked.measured[place]) = (Some(estimator), false);
                }
            }
        }
        Ok(asked)
    }

    /// The number of the site of that name, which an option names.
    fn place_of_site(&self, text: &str, name: &str) -> Outcome<usize> {
        let sites = self.model.graph.sites();
        sites.iter().position(|site| site.name == name).ok_or_else(|| {
            let names = sites.iter().map(|site| site.name.as_str());
            let remedy = match language::nearest(name, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the sites are {}", names.collect::<Vec<_>>().join(", ")),
            };
            Failure::input(format!("in --via '{text}': there is no site `{name}`; {remedy}"))
        })
    }
}

/// Whether the value of an option leaves the choice to a pilot.
fn is_measured(text: &str) -> bool {
    text.split_once('=').map_or(text, |(_, estimator)| estimator).trim() == MEASURED
}

/// The estimators of a comma-separated list.
pub struct Listed {
    pub estimators: Vec<Arc<dyn Estimator>>,
    /// Whether `measured` is one of them: the choice of a pilot.
    pub measured: bool,
}

impl Listed {
    /// Reads a list, in which arguments may contain commas.
    pub fn read(option: &str, text: &str) -> Outcome<Self> {
        let mut depth = 0usize;
        let parts = text.split(|c: char| {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        });
        let (measured, named): (Vec<&str>, Vec<&str>) =
            parts.map(str::trim).partition(|part| *part == MEASURED);
        let estimators = named.into_iter().map(|part| estimator(option, part)).collect::<Outcome<_>>()?;
        Ok(Listed { estimators, measured: !measured.is_empty() })
    }

    /// What `--via` says, and before it that the pilot decides if the list asks for it.
    pub fn with(&self, via: &[String]) -> Vec<String> {
        let measured = self.measured.then(|| MEASURED.to_string());
        measured.into_iter().chain(via.iter().cloned()).collect()
    }
}

/// The estimator that the value of a command-line option names.
pub fn estimator(option: &str, text: &str) -> Outcome<Arc<dyn Estimator>> {
    let wrong = |d: Diagnostic| in_option(option, text, &d);
    let parsed = language::parse_estimator(text).map_err(wrong)?;
    language::estimator(&parsed.call, &parsed.expressions).map_err(wrong)
}
