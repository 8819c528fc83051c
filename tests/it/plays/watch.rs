//! Downtimes, quarantine, an EDGAR that shows nothing, and the past of an issuer.
