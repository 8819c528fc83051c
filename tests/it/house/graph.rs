//! Which file needs which, and which function calls which.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Expr, ImplItem, Item, Member, Pat};

use super::crate_map::{CrateMap, ModulePath, TypeName, names_of, parameters};

pub type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

#[derive(Default)]
pub struct Graph {
    /// By file: the files that it needs, and by what names.
    pub files: Edges,
    /// By function: those that it calls.
    pub functions: Edges,
}

impl Graph {
    pub fn of(map: &CrateMap) -> Self {
        let mut graph = Self::default();
        for (path, module) in &map.modules {
            graph.files.entry(module.file.clone()).or_default();
            for item in &module.items {
                match item {
                    // A `use` says nothing by itself: what is used counts, where it is used.
                    Item::Use(_) => {}
                    Item::Impl(block) => graph.add_impl(map, path, block),
                    Item::Fn(function) => {
                        let name = function.sig.ident.to_string();
                        let mut walk = Walk::new(map, path, None, name, &mut graph);
                        walk.take_parameters(&function.sig);
                        walk.visit_item_fn(function);
                    }
                    other => Walk::new(map, path, None, String::new(), &mut graph).visit_item(other),
                }
            }
        }
        graph
    }

    fn add_impl(&mut self, map: &CrateMap, path: &ModulePath, block: &syn::ItemImpl) {
        let own = map.type_of(path, &block.self_ty);
        for part in &block.items {
            let ImplItem::Fn(method) = part else {
                Walk::new(map, path, own.clone(), String::new(), self).visit_impl_item(part);
                continue;
            };
            let of = own.as_ref().map_or("?", |(_, name)| name);
            let name = format!("{of}::{}", method.sig.ident);
            let mut walk = Walk::new(map, path, own.clone(), name, self);
            walk.take_parameters(&method.sig);
            walk.visit_impl_item_fn(method);
        }
        let mut walk = Walk::new(map, path, own, String::new(), self);
        walk.visit_type(&block.self_ty);
        if let Some((of, _)) = &block.trait_ {
            walk.visit_path(of);
        }
    }
}

/// Walks through one function, or an item outside of functions.
struct Walk<'a> {
    map: &'a CrateMap,
    module: &'a ModulePath,
    own: Option<TypeName>,
    /// Types of parameters and variables, where these are the crate's own.
    locals: BTreeMap<String, TypeName>,
    /// Names that patterns of the function bind.
    bound: BTreeSet<String>,
    /// File and function; empty outside of functions.
    function: String,
    graph: &'a mut Graph,
}

impl<'a> Walk<'a> {
    fn new(
        map: &'a CrateMap,
        module: &'a ModulePath,
        own: Option<TypeName>,
        name: String,
        graph: &'a mut Graph,
    ) -> Self {
        let function = if name.is_empty() { name } else { format!("{} {name}", map.modules[module].file) };
        if !function.is_empty() {
            graph.functions.entry(function.clone()).or_default();
        }
        Self { map, module, own, locals: BTreeMap::new(), bound: BTreeSet::new(), function, graph }
    }

    fn take_parameters(&mut self, signature: &syn::Signature) {
        for (name, of) in parameters(&signature.inputs) {
            if let Some(of) = self.map.type_of(self.module, &of) {
                self.locals.insert(name, of);
            }
        }
    }

    fn needs(&mut self, module: &ModulePath, name: &str) {
        let (from, to) = (&self.map.modules[self.module].file, &self.map.modules[module].file);
        if from != to {
            self.graph
                .files
                .entry(from.clone())
                .or_default()
                .entry(to.clone())
                .or_default()
                .insert(name.to_owned());
        }
    }

    fn calls(&mut self, module: &ModulePath, name: &str) {
        if self.function.is_empty() {
            return;
        }
        let to = format!("{} {name}", self.map.modules[module].file);
        if to != self.function {
            self.graph
                .functions
                .entry(self.function.clone())
                .or_default()
                .entry(to)
                .or_default()
                .insert(String::new());
        }
    }

    /// The crate's own type of an expression, as far as names tell it.
    fn type_of(&self, expr: &Expr) -> Option<TypeName> {
        match expr {
            Expr::Path(path) if path.path.is_ident("self") => self.own.clone(),
            Expr::Path(path) => self.locals.get(&path.path.get_ident()?.to_string()).cloned(),
            Expr::Field(field) => {
                let of = self.type_of(&field.base)?;
                let name = match &field.member {
                    Member::Named(name) => name.to_string(),
                    Member::Unnamed(number) => number.index.to_string(),
                };
                self.map.field(&of, &name)
            }
            Expr::Reference(inner) => self.type_of(&inner.expr),
            Expr::Paren(inner) => self.type_of(&inner.expr),
            Expr::Await(inner) => self.type_of(&inner.base),
            Expr::Unary(inner) => self.type_of(&inner.expr),
            Expr::Try(inner) => {
                let call = match &*inner.expr {
                    Expr::Await(inner) => &inner.base,
                    other => other,
                };
                match call {
                    Expr::MethodCall(call) => {
                        self.map.returned(&self.type_of(&call.receiver)?, &call.method.to_string(), true)
                    }
                    _ => None,
                }
            }
            Expr::MethodCall(call) => {
                self.map.returned(&self.type_of(&call.receiver)?, &call.method.to_string(), false)
            }
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else { return None };
                let names = names_of(&path.path);
                let (name, of) = names.split_last()?;
                let of = self.named(of)?;
                self.map.returned(&of, name, false)
            }
            _ => None,
        }
    }

    fn named(&self, names: &[String]) -> Option<TypeName> {
        if names == ["Self"] {
            return self.own.clone();
        }
        let (module, name, rest) = self.map.resolve(self.module, names)?;
        (rest == 0).then_some((module, name))
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = names_of(path);
        if names.len() == 2 && names[0] == "Self" {
            if let Some(own) = self.own.clone()
                && let Some(m) = self.map.methods.get(&(own.clone(), names[1].clone()))
            {
                let module = m.module.clone();
                self.needs(&module, &format!("Self::{}", names[1]));
                self.calls(&module, &format!("{}::{}", own.1, names[1]));
            }
        } else if let Some((module, name, rest)) = self.map.resolve(self.module, &names) {
            self.needs(&module, &name);
            if rest == 1 {
                let method = names.last().unwrap().clone();
                let of = (module.clone(), name.clone());
                if let Some(m) = self.map.methods.get(&(of, method.clone())) {
                    let at = m.module.clone();
                    self.needs(&at, &format!("{name}::{method}"));
                    self.calls(&at, &format!("{name}::{method}"));
                }
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        visit::visit_local(self, local);
        let (name, typed) = match &local.pat {
            Pat::Ident(name) => (name.ident.to_string(), None),
            Pat::Type(typed) => match &*typed.pat {
                Pat::Ident(name) => (name.ident.to_string(), Some(&*typed.ty)),
                _ => return,
            },
            _ => return,
        };
        let of = match typed {
            Some(t) => self.map.type_of(self.module, t),
            None => local.init.as_ref().and_then(|init| self.type_of(&init.expr)),
        };
        match of {
            Some(of) => drop(self.locals.insert(name, of)),
            None => drop(self.locals.remove(&name)),
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(path) = &*call.func {
            let names = names_of(&path.path);
            let is_local = names.len() == 1 && self.bound.contains(&names[0]);
            if let Some((module, name, 0)) = self.map.resolve(self.module, &names)
                && !is_local
                && name.starts_with(char::is_lowercase)
            {
                self.calls(&module, &name);
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.bound.insert(pat.ident.to_string());
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let Some(of) = self.type_of(&call.receiver) {
            let method = call.method.to_string();
            if let Some(found) = self.map.methods.get(&(of.clone(), method.clone())) {
                let module = found.module.clone();
                self.needs(&module, &format!("{}.{method}()", of.1));
                self.calls(&module, &format!("{}::{method}", of.1));
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        // The arguments of `format!`, `matches!` and their like are expressions.
        if let Ok(args) =
            mac.parse_body_with(syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated)
        {
            for arg in &args {
                self.visit_expr(arg);
            }
        }
        visit::visit_macro(self, mac);
    }
}
