//! Charts: the trades of one issuer's insiders over time for an alert, and those of one insider, as a PNG and as
//! words.
//!
//! Each trade is a mark at its day and its value: a sale points down, a purchase up; a trade under a 10b5-1 plan
//! is hollow. Others than the alert's own insider are grey. The alert's own trades are large, outlined, and
//! named above the chart. Values have a logarithmic axis, since they span from thousands to hundreds of millions.
//!
//! Its own font is built in; fonts of the system are never read.

mod axis;
mod bars;
mod data;
mod font;
mod found;
mod of_alert;
mod of_insider;
mod paint;
mod picture;
mod words;

pub use bars::DigestChart;
pub use data::{Chart, ChartTrade, Emphasis, MOST_TRADES};
pub use paint::{ChartError, Png};

impl Chart {
    /// Draws it: 800 by 420 pixels on a dark card with round corners, which suits dark and light themes. The
    /// same chart always yields the same bytes.
    ///
    /// # Errors
    /// Never for the built-in template and fonts; the tests rule it out.
    pub fn png(&self) -> Result<Png, ChartError> {
        paint::png(&self.svg()?)
    }

    /// The drawing as SVG of 400 by 210 points. It names its font and does not contain it.
    ///
    /// # Errors
    /// As for [`Self::png`].
    pub fn svg(&self) -> Result<String, ChartError> {
        Ok(paint::svg(&picture::Picture::of(self))?)
    }

    /// The chart in two or three sentences, within 1,024 characters, for those who do not see it.
    pub fn alt_text(&self) -> String {
        words::alt_text(self)
    }
}

#[cfg(test)]
mod tests;
