//! What each file of the library defines, and where a path leads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::{Fields, FnArg, ImplItem, Item, ItemImpl, Pat, ReturnType, Type, UseTree};

/// Where a path may lead through re-exports before it counts as lost.
const MOST_STEPS: usize = 20;
/// Types through which a method call passes to what they hold.
const TRANSPARENT: [&str; 5] = ["Arc", "Box", "Rc", "Cow", "Weak"];
/// Types that `?` opens.
const OPENED_BY_TRY: [&str; 2] = ["Result", "Option"];

/// A module's path below the crate: `store::queue`, and nothing for the root.
pub type ModulePath = Vec<String>;

/// A type by the file's module that defines it, and its name.
pub type TypeName = (ModulePath, String);

/// One file.
#[derive(Default)]
pub struct Module {
    pub file: String,
    pub items: Vec<Item>,
    /// Names of items that are defined here.
    defined: BTreeSet<String>,
    /// Names that `use` brings in, and the paths behind them.
    used: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    children: BTreeSet<String>,
    /// Fields of structs that are defined here, by struct and field.
    fields: BTreeMap<(String, String), Type>,
}

/// A method or function: where it is, and what it gives.
pub struct Method {
    pub module: ModulePath,
    pub returns: Option<Type>,
}

#[derive(Default)]
pub struct CrateMap {
    pub modules: BTreeMap<ModulePath, Module>,
    pub methods: BTreeMap<(TypeName, String), Method>,
}

impl CrateMap {
    /// Reads all files below `src`.
    pub fn read(src: &Path) -> Self {
        let mut map = Self::default();
        map.add_folder(src, src);
        let paths: Vec<ModulePath> = map.modules.keys().cloned().collect();
        for path in &paths {
            if let Some((name, parent)) = path.split_last()
                && let Some(parent) = map.modules.get_mut(parent)
            {
                parent.children.insert(name.clone());
            }
        }
        for path in paths {
            let impls: Vec<ItemImpl> =
                map.modules[&path].items.iter().filter_map(own_impl).cloned().collect();
            for block in impls {
                let Some(of) = map.type_of(&path, &block.self_ty) else { continue };
                for item in block.items {
                    if let ImplItem::Fn(method) = item {
                        let returns = match &method.sig.output {
                            ReturnType::Type(_, of) => Some((**of).clone()),
                            ReturnType::Default => None,
                        };
                        let key = (of.clone(), method.sig.ident.to_string());
                        map.methods.insert(key, Method { module: path.clone(), returns });
                    }
                }
            }
        }
        map
    }

    fn add_folder(&mut self, src: &Path, folder: &Path) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                self.add_folder(src, &path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = path.strip_prefix(src).unwrap().to_string_lossy().into_owned();
                let stem = file.trim_end_matches(".rs").trim_end_matches("/mod");
                if matches!(stem, "main") || stem.ends_with("tests") || stem.contains("/tests/") {
                    continue;
                }
                let module: ModulePath =
                    if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() };
                let parsed = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
                self.modules.insert(module, Module::new(file, parsed.items));
            }
        }
    }

    /// The module that defines what a path names, as it stands in another module, and the name there; the first names of the path
    /// may be of a type, and the rest of one of its own.
    pub fn resolve(&self, from: &[String], path: &[String]) -> Option<(ModulePath, String, usize)> {
        self.resolve_within(from, path, MOST_STEPS)
    }

    fn resolve_within(
        &self,
        from: &[String],
        path: &[String],
        steps: usize,
    ) -> Option<(ModulePath, String, usize)> {
        let steps = steps.checked_sub(1)?;
        let (mut at, mut rest, mut begun) = (from.to_vec(), path, false);
        while let Some(first) = rest.first() {
            match first.as_str() {
                "crate" => at = Vec::new(),
                "super" => drop(at.pop()?),
                "self" => {}
                _ => break,
            }
            (rest, begun) = (&rest[1..], true);
        }
        if rest.is_empty() {
            return None;
        }
        loop {
            let module = self.modules.get(&at)?;
            let name = rest.first()?;
            if module.defined.contains(name) {
                return Some((at, name.clone(), rest.len() - 1));
            }
            if let Some(used) = module.used.get(name) {
                // A name that leads on through a `use`: to a module or an item.
                let longer: Vec<String> = used.iter().chain(&rest[1..]).cloned().collect();
                return self.resolve_within(&at, &longer, steps);
            }
            if module.children.contains(name) && (begun || at.len() >= from.len()) {
                at.push(name.clone());
                rest = &rest[1..];
                begun = true;
                if rest.is_empty() {
                    return None;
                }
                continue;
            }
            for glob in &module.globs {
                let longer: Vec<String> = glob.iter().chain(rest).cloned().collect();
                if let Some(found) = self.resolve_within(&at, &longer, steps) {
                    return Some(found);
                }
            }
            return None;
        }
    }

    /// The crate's own type that is meant, behind references and what holds it.
    pub fn type_of(&self, from: &[String], of: &Type) -> Option<TypeName> {
        match of {
            Type::Reference(inner) => self.type_of(from, &inner.elem),
            Type::Paren(inner) => self.type_of(from, &inner.elem),
            Type::Path(path) => {
                let last = path.path.segments.last()?;
                if TRANSPARENT.contains(&last.ident.to_string().as_str()) {
                    return self.type_of(from, argument(of)?);
                }
                let names = names_of(&path.path);
                let (module, name, rest) = self.resolve(from, &names)?;
                (rest == 0).then_some((module, name))
            }
            _ => None,
        }
    }

    /// The type of a field, where that is one of the crate's own.
    pub fn field(&self, (module, name): &TypeName, field: &str) -> Option<TypeName> {
        let of = self.modules.get(module)?.fields.get(&(name.clone(), field.to_owned()))?;
        self.type_of(module, of)
    }

    /// What a method gives, as `?` opens it or not.
    pub fn returned(&self, of: &TypeName, method: &str, opened: bool) -> Option<TypeName> {
        let method = self.methods.get(&(of.clone(), method.to_owned()))?;
        let returns = method.returns.as_ref()?;
        if matches!(returns, Type::Path(path) if path.path.is_ident("Self")) {
            return Some(of.clone());
        }
        match opened {
            true => self.type_of(&method.module, opened_type(returns)?),
            false => self.type_of(&method.module, returns),
        }
    }
}

impl Module {
    fn new(file: String, items: Vec<Item>) -> Self {
        let items: Vec<Item> = items.into_iter().filter(|item| !is_test(item)).collect();
        let mut module = Self { file, ..Self::default() };
        for item in &items {
            match item {
                Item::Const(item) => drop(module.defined.insert(item.ident.to_string())),
                Item::Enum(item) => drop(module.defined.insert(item.ident.to_string())),
                Item::Fn(item) => drop(module.defined.insert(item.sig.ident.to_string())),
                Item::Static(item) => drop(module.defined.insert(item.ident.to_string())),
                Item::Struct(item) => {
                    module.defined.insert(item.ident.to_string());
                    if let Fields::Named(fields) = &item.fields {
                        for field in &fields.named {
                            if let Some(name) = &field.ident {
                                module
                                    .fields
                                    .insert((item.ident.to_string(), name.to_string()), field.ty.clone());
                            }
                        }
                    }
                    if let Fields::Unnamed(fields) = &item.fields {
                        for (n, field) in fields.unnamed.iter().enumerate() {
                            module.fields.insert((item.ident.to_string(), n.to_string()), field.ty.clone());
                        }
                    }
                }
                Item::Trait(item) => drop(module.defined.insert(item.ident.to_string())),
                Item::Type(item) => drop(module.defined.insert(item.ident.to_string())),
                Item::Macro(item) => {
                    if let Some(name) = &item.ident {
                        module.defined.insert(name.to_string());
                    }
                }
                Item::Use(item) => module.add_use(&item.tree, &mut Vec::new()),
                _ => {}
            }
        }
        module.items = items;
        module
    }

    fn add_use(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_use(&path.tree, before);
                before.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = before.last() {
                    self.used.insert(last.clone(), before.clone());
                }
            }
            UseTree::Name(name) => {
                let path = before.iter().cloned().chain([name.ident.to_string()]).collect();
                self.used.insert(name.ident.to_string(), path);
            }
            UseTree::Rename(rename) => {
                let path = before.iter().cloned().chain([rename.ident.to_string()]).collect();
                self.used.insert(rename.rename.to_string(), path);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(tree, before)),
            UseTree::Glob(_) => self.globs.push(before.clone()),
        }
    }
}

fn own_impl(item: &Item) -> Option<&ItemImpl> {
    match item {
        Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    }
}

/// True for what is built for tests alone.
fn is_test(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn argument(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(of) => Some(of),
        _ => None,
    })
}

fn opened_type(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    OPENED_BY_TRY
        .contains(&path.path.segments.last()?.ident.to_string().as_str())
        .then(|| argument(of))
        .flatten()
}

/// The names that a path consists of.
pub fn names_of(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// The names and types of a function's parameters.
pub fn parameters(inputs: &syn::punctuated::Punctuated<FnArg, syn::Token![,]>) -> Vec<(String, Type)> {
    let typed = inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Some((name.ident.to_string(), (*typed.ty).clone())),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    typed.collect()
}
