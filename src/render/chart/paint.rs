//! From a laid-out chart to SVG and PNG.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;
use serde::Serialize;
use thiserror::Error;

use super::font::tree;
use super::picture::Picture;

/// Pixels of a point.
const SCALE: f32 = 2.0;
const TEMPLATE: &str = "chart.svg";
const DIGEST: &str = "chart_digest.svg";

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png {
    /// The file.
    pub bytes: Vec<u8>,
    /// Width, in pixels: twice of what is meant to be shown.
    pub width: u32,
    /// Height, in pixels, likewise.
    pub height: u32,
}

/// Why there is no picture. The tests rule all of it out for the built-in template and fonts.
#[derive(Debug, Error)]
pub enum ChartError {
    /// The template does not work.
    #[error("the template of the chart: {0}")]
    Template(#[from] minijinja::Error),
    /// What it yields is not SVG.
    #[error("the SVG of the chart: {0}")]
    Svg(#[from] usvg::Error),
    /// What it yields has no size.
    #[error("the chart has no size")]
    NoCanvas,
    /// It cannot be encoded.
    #[error("the PNG of the chart: {0}")]
    Png(#[from] png::EncodingError),
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    // The escaping of HTML is that of XML.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in [
        (TEMPLATE, include_str!("../templates/chart.svg")),
        ("chart_mark.svg", include_str!("../templates/chart_mark.svg")),
        (DIGEST, include_str!("../templates/chart_digest.svg")),
    ] {
        // A template that does not parse is missing, so rendering fails; the tests render each.
        let _ = environment.add_template(name, source);
    }
    environment
});

pub(super) fn svg(picture: &Picture) -> Result<String, minijinja::Error> {
    TEMPLATES.get_template(TEMPLATE)?.render(Serde(picture))
}

pub(super) fn digest_svg(layout: &impl Serialize) -> Result<String, minijinja::Error> {
    TEMPLATES.get_template(DIGEST)?.render(Serde(layout))
}

pub(super) fn png(svg: &str) -> Result<Png, ChartError> {
    let tree = tree(svg)?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let canvas = size.and_then(|size| Pixmap::new(size.width(), size.height()));
    let mut canvas = canvas.ok_or(ChartError::NoCanvas)?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut canvas.as_mut());
    let (width, height) = (canvas.width(), canvas.height());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_compression(png::Compression::Balanced);
    // Flat areas are smaller without.
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.take_demultiplied())?;
    writer.finish()?;
    Ok(Png { bytes, width, height })
}
