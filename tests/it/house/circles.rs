//! Circles in a graph.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Edges;

/// Sets of nodes each of which leads to each other, by Tarjan's algorithm.
pub fn circles(edges: &Edges) -> Vec<BTreeSet<String>> {
    let mut search = Search::new(edges);
    for node in edges.keys() {
        if !search.index.contains_key(node.as_str()) {
            search.visit(node);
        }
    }
    search.found
}

struct Search<'a> {
    edges: &'a Edges,
    index: BTreeMap<&'a str, usize>,
    lowest: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: Vec<BTreeSet<String>>,
}

impl<'a> Search<'a> {
    fn new(edges: &'a Edges) -> Self {
        Self { edges, index: BTreeMap::new(), lowest: BTreeMap::new(), stack: Vec::new(), found: Vec::new() }
    }

    fn visit(&mut self, node: &'a str) {
        let own = self.index.len();
        self.index.insert(node, own);
        self.lowest.insert(node, own);
        self.stack.push(node);
        for next in self.edges.get(node).into_iter().flat_map(BTreeMap::keys) {
            let reached = match self.index.get(next.as_str()) {
                None => {
                    self.visit(next);
                    self.lowest[next.as_str()]
                }
                Some(index) if self.stack.contains(&next.as_str()) => *index,
                Some(_) => continue,
            };
            let lowest = self.lowest[node].min(reached);
            self.lowest.insert(node, lowest);
        }
        if self.lowest[node] == own {
            let begin = self.stack.iter().position(|other| *other == node).unwrap();
            let circle: BTreeSet<String> = self.stack.drain(begin..).map(str::to_owned).collect();
            if circle.len() > 1 {
                self.found.push(circle);
            }
        }
    }
}
