//! The fonts of charts, which are built in, and how wide a text is in them.

use std::sync::{Arc, LazyLock};

use icu_normalizer::DecomposingNormalizerBorrowed;
use resvg::usvg::{self, Options, Tree, fontdb};

use crate::text::plain;

/// Longer texts are cut before they are measured.
const LONGEST: usize = 200;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for font in [
        include_bytes!("assets/Inter-Medium-subset.otf").as_slice(),
        include_bytes!("assets/Inter-SemiBold-subset.otf").as_slice(),
    ] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
    }
    Arc::new(fonts)
});

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) enum Face {
    /// The title.
    Title,
    /// Emphasised.
    Strong,
    /// Labels and legend.
    Small,
}

impl Face {
    fn size_and_weight(self) -> (f64, u16) {
        match self {
            Self::Title => (17.0, 600),
            Self::Strong => (15.0, 600),
            Self::Small => (15.0, 500),
        }
    }
}

/// Reads SVG, with the built-in fonts only.
pub(super) fn tree(svg: &str) -> Result<Tree, usvg::Error> {
    let options =
        Options { font_family: "Inter".to_owned(), fontdb: Arc::clone(&FONTS), ..Options::default() };
    Tree::from_str(svg, &options)
}

/// The text as far as the fonts have it: accents that they lack are dropped, other letters left out. If nothing
/// is left, `fallback`.
pub(super) fn printable(text: &str, fallback: &str) -> String {
    let normalizer = const { DecomposingNormalizerBorrowed::new_nfkd() };
    let has = |c: &char| matches!(*c, ' '..='~' | '\u{a1}'..='\u{ff}' | '–' | '—' | '‘' | '’' | '“' | '”' | '…' | '€');
    let start: String = text.chars().take(LONGEST).collect();
    let known: String = plain(&start)
        .chars()
        .flat_map(|c| {
            let parts: Vec<char> =
                if has(&c) { vec![c] } else { normalizer.normalize_iter(std::iter::once(c)).collect() };
            parts.into_iter().filter(has)
        })
        .collect();
    let known = plain(&known);
    if known.chars().any(char::is_alphanumeric) { known } else { fallback.to_owned() }
}

/// The width of a text, in points; none if it cannot be set.
pub(super) fn width(text: &str, face: Face) -> f64 {
    let (size, weight) = face.size_and_weight();
    let text = minijinja::HtmlEscape(text);
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg"><text font-size="{size}" font-weight="{weight}">{text}</text></svg>"#
    );
    tree(&svg).map_or(0.0, |tree| f64::from(tree.root().bounding_box().right()))
}

/// The text, cut so that it is not wider than this.
pub(super) fn fitting(text: &str, face: Face, most: f64) -> String {
    if width(text, face) <= most {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let cut = |count: usize| {
        let start: String = letters.iter().take(count).collect();
        format!("{}\u{2026}", start.trim_end())
    };
    // The longest start that fits, by halves.
    let (mut fits, mut too_long) = (0, letters.len());
    while fits + 1 < too_long {
        let middle = usize::midpoint(fits, too_long);
        if width(&cut(middle), face) <= most { fits = middle } else { too_long = middle }
    }
    cut(fits)
}
