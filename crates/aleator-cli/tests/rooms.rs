//! The order of the modules (`docs/adr/0012-rooms-in-one-direction.md`), over the source files of all three crates: no file imports,
//! directly or indirectly, a file that imports it, and a room of the library imports only from the rooms to its left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// The rooms of the library, from left to right.
const ROOMS: [&str; 11] = [
    "distributions",
    "graph",
    "analysis",
    "rewrite",
    "control_variates",
    "estimators",
    "plan",
    "program",
    "quadrature",
    "diagnostics",
    "certify",
];

/// A module's path below the root of its crate.
type Module = Vec<String>;

/// A crate, with the modules that each module imports.
struct Imports(BTreeMap<Module, BTreeSet<Module>>);

/// What one file names: paths that it imports or uses, and names that it exports for others.
struct Names<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    used: Vec<Module>,
    exported: BTreeMap<String, Module>,
}

impl Names<'_> {
    /// The path from the root of the crate; `None` if it leads into another crate.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let (head, rest) = path.split_first()?;
        match head.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([self.module, rest].concat()),
            "super" => {
                let above = path.iter().take_while(|name| *name == "super").count();
                let kept = self.module.len().checked_sub(above)?;
                Some([&self.module[..kept], &path[above..]].concat())
            }
            name => {
                let inner = [self.module, &[name.to_string()][..]].concat();
                self.modules.contains(&inner).then(|| [self.module, path].concat())
            }
        }
    }

    fn tree(&mut self, tree: &syn::UseTree, prefix: &[String], exports: bool) {
        let mut joined = |name: &syn::Ident, alias: &syn::Ident| {
            let path = if name == "self" { prefix.to_vec() } else { [prefix, &[name.to_string()]].concat() };
            let Some(path) = self.absolute(&path) else { return };
            if exports {
                self.exported.insert(alias.to_string(), path);
            } else {
                self.used.push(path);
            }
        };
        match tree {
            syn::UseTree::Path(path) => {
                self.tree(&path.tree, &[prefix, &[path.ident.to_string()]].concat(), exports);
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, prefix, exports));
            }
            syn::UseTree::Name(name) => joined(&name.ident, &name.ident),
            syn::UseTree::Rename(rename) => joined(&rename.ident, &rename.rename),
            syn::UseTree::Glob(_) => self.used.extend(self.absolute(prefix)),
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let exports = !matches!(item.vis, syn::Visibility::Inherited);
        self.tree(&item.tree, &[], exports);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // Tests may use any room.
        let test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|cfg| cfg == "test")
        };
        if !item.attrs.iter().any(test) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Module = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if matches!(names[0].as_str(), "crate" | "super" | "self") && names.len() > 1 {
            self.used.extend(self.absolute(&names));
        }
        visit::visit_path(self, path);
    }
}

impl Imports {
    fn of_crate(source: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(source, &mut Vec::new(), &mut files);
        let texts = files.into_iter().map(|(module, path)| (module, std::fs::read_to_string(path).unwrap()));
        Imports::of_texts(texts.collect())
    }

    fn of_texts(texts: BTreeMap<Module, String>) -> Self {
        let modules: BTreeSet<Module> = texts.keys().cloned().collect();
        let (mut used, mut exported) = (BTreeMap::new(), BTreeMap::new());
        for (module, text) in &texts {
            let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{module:?}: {error}"));
            let mut names = Names { module, modules: &modules, used: Vec::new(), exported: BTreeMap::new() };
            names.visit_file(&file);
            used.insert(module.clone(), names.used);
            exported.insert(module.clone(), names.exported);
        }
        // The file in which a name is defined, through any number of re-exports.
        let defined = |mut path: Module| {
            for _ in 0..8 {
                let length = (0..=path.len()).rev().find(|&n| modules.contains(&path[..n]))?;
                let origin = path.get(length).and_then(|name| exported[&path[..length]].get(name));
                match origin {
                    Some(origin) => path = [&origin[..], &path[length + 1..]].concat(),
                    None => return Some(path[..length].to_vec()),
                }
            }
            None
        };
        let imports = used.into_iter().map(|(module, paths)| {
            let from: BTreeSet<Module> = paths.into_iter().filter_map(defined).collect();
            // The root holds a table of contents and what every file may use.
            let from = from.into_iter().filter(|other| *other != module && !other.is_empty()).collect();
            (module, from)
        });
        Imports(imports.collect())
    }

    /// A file that imports itself through others, and these others.
    fn circle(&self) -> Option<Vec<&Module>> {
        let mut finished = BTreeSet::new();
        self.0.keys().find_map(|module| self.circle_from(module, &mut Vec::new(), &mut finished))
    }

    fn circle_from<'a>(
        &'a self,
        module: &'a Module,
        path: &mut Vec<&'a Module>,
        finished: &mut BTreeSet<&'a Module>,
    ) -> Option<Vec<&'a Module>> {
        if let Some(start) = path.iter().position(|&m| m == module) {
            return Some(path[start..].to_vec());
        }
        if finished.contains(module) {
            return None;
        }
        path.push(module);
        let found = self.0[module].iter().find_map(|next| self.circle_from(next, path, finished));
        path.pop();
        finished.insert(module);
        found
    }

    /// Imports from rooms to the right.
    fn against_the_order(&self) -> Vec<(&Module, &Module)> {
        let room = |module: &Module| ROOMS.iter().position(|room| module.first().is_some_and(|m| m == room));
        let pairs = self.0.iter().flat_map(|(module, from)| from.iter().map(move |other| (module, other)));
        pairs.filter(|(module, other)| room(module).is_some_and(|r| room(other) > Some(r))).collect()
    }
}

/// The source files below a folder, by module.
fn collect(folder: &Path, module: &mut Module, files: &mut BTreeMap<Module, PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let inner = !matches!(name.as_str(), "mod" | "lib" | "main");
        if inner {
            module.push(name);
        }
        if path.is_dir() {
            collect(&path, module, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(module.clone(), path);
        }
        if inner {
            module.pop();
        }
    }
}

fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name).join("src")
}

#[test]
fn no_file_imports_itself_through_others() {
    for name in ["aleator-engine", "aleator", "aleator-cli"] {
        let imports = Imports::of_crate(&sources(name));
        assert!(imports.0.values().map(BTreeSet::len).sum::<usize>() > 20, "{name}: imports are not found");
        assert_eq!(imports.circle(), None, "{name}");
    }
}

#[test]
fn rooms_import_from_their_left() {
    let imports = Imports::of_crate(&sources("aleator"));
    let missing = ROOMS.iter().find(|room| !imports.0.contains_key(&vec![room.to_string()]));
    assert_eq!(missing, None, "the library has no such room");
    assert_eq!(imports.against_the_order(), []);
}

/// The checks above find what they are for.
#[test]
fn circles_and_wrong_directions_are_found() {
    let module =
        |path: &str| path.split('/').filter(|name| !name.is_empty()).map(String::from).collect::<Module>();
    let texts = |files: &[(&str, &str)]| {
        Imports::of_texts(files.iter().map(|(path, text)| (module(path), text.to_string())).collect())
    };
    let good = [
        ("graph", "mod site; pub use site::Site;"),
        ("graph/site", "pub struct Site; #[cfg(test)] mod tests { use crate::plan::Plan; }"),
        ("plan", "use crate::graph::Site; pub struct Plan;"),
    ];
    assert_eq!(texts(&good).circle(), None);
    assert_eq!(texts(&good).against_the_order(), []);
    for use_of_plan in
        ["use crate::plan::{self, Plan};", "fn f(_: super::super::plan::Plan) {}", "use crate::plan::*;"]
    {
        let mut bad = good;
        bad[1].1 = use_of_plan;
        assert_eq!(texts(&bad).circle().map(|circle| circle.len()), Some(2), "{use_of_plan}");
        assert_eq!(
            texts(&bad).against_the_order(),
            [(&module("graph/site"), &module("plan"))],
            "{use_of_plan}"
        );
    }
}
