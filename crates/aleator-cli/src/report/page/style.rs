//! The style of a page: light and dark, and narrow screens.

/// The style sheet. Pictures are drawn on white; in the dark their lightness is inverted and their hues are kept.
pub(super) const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1f2937; --soft: #5b6575; --rule: #e4e7ec; --page: #ffffff; --mark: #1a7f37; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #a3acba; --rule: #343b46; --page: #14171c; --mark: #5fd38a; }
  figure svg { filter: invert(0.92) hue-rotate(180deg); }
}
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 0.3em 0.8em; text-align: left; border-bottom: 1px solid var(--rule); white-space: nowrap; }
thead th { color: var(--soft); } tbody th { font-weight: normal; } .marked th, .marked td { color: var(--mark); font-weight: bold; }
figure { margin: 1.5rem 0; } figure svg { max-width: 100%; min-width: 34rem; height: auto; }
figcaption, dd p { color: var(--soft); }
pre { overflow-x: auto; white-space: pre; font-size: 0.85rem; border-left: 3px solid var(--rule); padding: 0.4em 0.8em; }
dt { font-weight: bold; } dd { margin: 0 0 1rem; }
";
